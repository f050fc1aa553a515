"""Options and data in a form that is the same in every process, and hashes of it.

A config may hold classes, functions and objects, whose text names an address in
memory; a hash of that would be another one in the next process.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Mapping, Set
from typing import Any

import numpy as np
import torch


def canonical(value: Any) -> Any:
    """``value`` in the types of JSON; equal for equal content, without addresses.

    Classes and functions become their names, arrays and tensors a hash of their
    content, other objects their class and attributes.
    """
    return _plain(value, ())


def digest(value: Any) -> str:
    """Sixteen hexadecimal digits that stand for ``value``."""
    text = json.dumps(canonical(value), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(value: Any, inside: tuple[int, ...]) -> Any:
    """Like :func:`canonical`; ``inside`` holds the ids of what ``value`` is a part of."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if id(value) in inside:
        return 'itself'
    inside = (*inside, id(value))
    if isinstance(value, Mapping):
        return {_key(key): _plain(item, inside) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, inside) for item in value]
    if isinstance(value, Set):
        # A set of texts has another order in every process.
        return sorted((_plain(item, inside) for item in value), key=json.dumps)
    return _object(value, inside)


def _object(value: Any, inside: tuple[int, ...]) -> Any:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy()
    if isinstance(value, np.ndarray | np.generic) and not value.dtype.hasobject:
        content = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        return [value.dtype.str, list(value.shape), content]
    if isinstance(value, functools.partial):
        return _plain([value.func, value.args, value.keywords], inside)
    name = getattr(value, '__qualname__', None)
    if name is not None:
        return f'{getattr(value, "__module__", "")}.{name}'
    kind = f'{type(value).__module__}.{type(value).__qualname__}'
    state = getattr(value, '__dict__', None)
    # What has no attributes (a dtype, a slice) says in its text what it is.
    return [kind, _plain(state, inside)] if state else [kind, _without_address(value)]


def _key(key: Any) -> str:
    return key if isinstance(key, str) else json.dumps(canonical(key))


def _without_address(value: Any) -> str:
    text = str(value)
    return '' if ' at 0x' in text else text
