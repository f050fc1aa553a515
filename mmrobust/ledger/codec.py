"""Metric results as JSON and back, exactly.

Covers what metrics keep per sample: numbers, strings, None, lists, tuples,
dicts with string or integer keys, numpy arrays and scalars, torch tensors.
"""

import base64
from typing import Any

import numpy as np
import torch


def encode(value: Any) -> Any:
    """``value`` as something ``json.dumps`` takes.

    Raises:
        TypeError: A type that is not covered.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, torch.Tensor):
        return {'~': 'tensor', 'of': _array(value.detach().cpu().numpy())}
    if isinstance(value, (np.ndarray, np.generic)):
        kind = 'array' if isinstance(value, np.ndarray) else 'scalar'
        return {'~': kind, 'of': _array(np.asarray(value))}
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, tuple):
        return {'~': 'tuple', 'of': [encode(item) for item in value]}
    if isinstance(value, dict):
        return {'~': 'dict', 'of': [[encode(k), encode(v)] for k, v in value.items()]}
    raise TypeError(f'a metric keeps a {type(value).__name__}, which the ledger cannot store')


def decode(value: Any) -> Any:
    """Undo :func:`encode`."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    kind, content = value['~'], value['of']
    if kind == 'tuple':
        return tuple(decode(item) for item in content)
    if kind == 'dict':
        return {decode(k): decode(v) for k, v in content}
    data = np.frombuffer(base64.b64decode(content[2]), dtype=content[0])
    array = data.reshape(content[1]).copy()
    if kind == 'tensor':
        return torch.from_numpy(array)
    return array if kind == 'array' else array[()]


def _array(array: np.ndarray[Any, Any]) -> list[Any]:
    if array.dtype.hasobject:
        raise TypeError('a metric keeps an array of objects, which the ledger cannot store')
    packed = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode('ascii')
    return [array.dtype.str, list(array.shape), packed]
