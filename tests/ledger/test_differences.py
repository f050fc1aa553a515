"""A refusal names what differs below the keys of a fingerprint."""

import sys
from types import SimpleNamespace

import pytest

from mmrobust.ledger.differences import listed_differences

HASHES = ('0123456789abcdef', 'fedcba9876543210')


@pytest.mark.parametrize(
    ('earlier', 'present', 'told'),
    [
        ({'seed': 0}, {'seed': 0}, ''),
        ({'seed': 0}, {'seed': 1}, 'seed: 0, now 1'),
        (
            {'attack': {'type': 'PGD', 'steps': 10}},
            {'attack': {'type': 'PGD', 'steps': 3}},
            'attack.steps: 10, now 3',
        ),
        (
            {'attack': {'type': 'PGD', 'steps': 10}},
            {'attack': {'type': 'FGSM', 'x': 1}},
            "attack.type: 'PGD', now 'FGSM'",
        ),
        (
            {'attacks': [{'type': 'A', 'x': 1}, {'type': 'B', 'x': 1}]},
            {'attacks': [{'type': 'A', 'x': 1}, {'type': 'B', 'x': 2}]},
            'attacks.1.x: 1, now 2',
        ),
        ({'eps': [1, 2]}, {'eps': [1]}, 'eps: [1, 2], now [1]'),
        ({'annotations': HASHES[0]}, {'annotations': HASHES[1]}, 'annotations'),
        ({'surrogate': {'a': 1}}, {}, "surrogate: {'a': 1}, now not there"),
        ({'space': 'x' * 99}, {'space': None}, f"space: '{'x' * 36}..., now None"),
        (
            {'files of the attack': {'a.pth': HASHES[0], 'b.pth': '1', 'c.pth': None}},
            {'files of the attack': {'a.pth': HASHES[1], 'd.pth': '1', 'c.pth': None}},
            'files of the attack: a.pth has changed; files of the attack: b.pth is gone; '
            'files of the attack: d.pth is new',
        ),
        (
            dict.fromkeys('abcde', 1),
            dict.fromkeys('abcde', 2),
            'a: 1, now 2; b: 1, now 2; c: 1, now 2; and 2 more',
        ),
    ],
)
def test_what_differs_is_named_by_its_dotted_key(earlier, present, told):
    assert listed_differences(earlier, present) == told


def test_a_module_is_named_by_its_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = SimpleNamespace(__file__=str(tmp_path / 'own' / 'atk.py'))
    monkeypatch.setitem(sys.modules, 'atk', module)
    files = [{'files of the attack': {'atk': one}} for one in HASHES]
    assert listed_differences(*files) == 'files of the attack: own/atk.py has changed'
