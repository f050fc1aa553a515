"""Hashes of options are the same in every process."""

import functools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mmrobust.functional.canonical import canonical, digest


class Thing:
    def __init__(self, value):
        self.value = value
        self.me = self


SCRIPT = """
import functools, sys
sys.path.insert(0, {folder!r})
from mmengine.dataset import pseudo_collate
from test_canonical import Thing
from mmrobust.functional.canonical import digest
value = dict(f=pseudo_collate, p=functools.partial(pseudo_collate, 1), c=Thing, t=Thing(1),
             s={{'a', 'b', 'c', 'd'}}, l=lambda x: x, o=object())
print(digest(value))
"""


@pytest.mark.slow
def test_functions_objects_and_sets_are_the_same_in_another_process(tmp_path):
    script = tmp_path / 'script.py'
    script.write_text(SCRIPT.format(folder=str(Path(__file__).parent)))
    found = [
        subprocess.run([sys.executable, script], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ('one', 'other'),
    [
        (max, min),
        (Thing(1), Thing(2)),
        (functools.partial(max, 1), functools.partial(max, 2)),
        (np.zeros(2000), np.eye(1, 2000)[0]),
        (np.zeros(2), np.zeros((2, 1))),
        (torch.zeros(2), torch.ones(2)),
        (torch.float32, torch.float64),
        ({'a': 1}, {'a': 2}),
        ({1, 2}, {1, 3}),
        (Path('a'), Path('b')),
    ],
)
def test_what_differs_has_another_digest(one, other):
    assert digest({'x': one}) != digest({'x': other})


def test_plain_options_stay_what_they_are():
    plain = {'a': [1, 2.5, None, True, 'x'], 'b': {'c': []}}
    assert canonical(plain) == plain
    assert canonical({'a': (1, 2), 3: Path('x')}) == {'a': [1, 2], '3': 'x'}
