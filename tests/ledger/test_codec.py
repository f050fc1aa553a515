import json

import numpy as np
import pytest
import torch

from mmrobust.ledger.codec import decode, encode

VALUES = [
    None,
    1,
    0.1,
    'text',
    [1, [2.5, None]],
    (1, 'a'),
    {'a': 1, 3: (4,)},
    np.float32(0.1),
    np.arange(6, dtype=np.int16).reshape(2, 3),
    torch.rand(2, 3, generator=torch.Generator().manual_seed(0)),
    torch.tensor(True),
    {'pred': torch.tensor([0.1, 0.2]), 'label': [np.int64(3)]},
]


def same(a, b):
    if isinstance(a, torch.Tensor | np.ndarray):
        return type(a) is type(b) and a.dtype == b.dtype and bool((a == b).all())
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


@pytest.mark.parametrize('value', VALUES, ids=lambda v: type(v).__name__)
def test_values_survive_json_exactly(value):
    assert same(value, decode(json.loads(json.dumps(encode(value)))))


@pytest.mark.parametrize('value', [object(), {1, 2}, np.array([object()])])
def test_other_types_are_refused(value):
    with pytest.raises(TypeError, match='cannot store'):
        encode(value)
