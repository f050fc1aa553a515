"""Annotations of skeletons are pickles, and pickles may run code: here they are read as data.

MMAction2's ``PoseDataset`` unpickles whatever a file says. Those that this package reads itself,
and those that its commands hand on, must be made of numbers, texts and arrays.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np

# What arrays and numbers of NumPy are pickled with; builtins are made without these.
_CORES = ('numpy.core.multiarray', 'numpy._core.multiarray')
_NUMERIC = ('numpy.core.numeric', 'numpy._core.numeric')
_MAKERS: dict[str, Any] = {
    '_reconstruct': np.zeros(0).__reduce__()[0],
    'scalar': np.float64(0).__reduce__()[0],
}


class _DataOnly(pickle.Unpickler):
    """Refuses every class and function but those of arrays."""

    def find_class(self, module: str, name: str) -> Any:
        """What is named, if it is of an array."""
        if module in _CORES and name in _MAKERS:
            return _MAKERS[name]
        if module in _NUMERIC and name == '_frombuffer':
            return _from_buffer
        if module == 'numpy' and name in ('ndarray', 'dtype'):
            return getattr(np, name)
        if (module, name) == ('collections', 'OrderedDict'):
            return OrderedDict
        if (module, name) == ('_codecs', 'encode'):
            return _encoded
        raise pickle.UnpicklingError(f'it holds {module}.{name}, which would run code')


def read_tracks(path: str | Path) -> Any:
    """The content of a pickle of numbers, texts and arrays.

    Raises:
        OSError: There is no such file.
        ValueError: It is no pickle, or one of something else; the message says of what.
    """
    with Path(path).open('rb') as file:
        try:
            return _DataOnly(file).load()
        except Exception as error:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise ValueError(f'{path} must be a pickle of data alone: {reason}') from None


def _encoded(text: str, encoding: str) -> bytes:
    """As bytes of old pickles are made."""
    return text.encode(encoding)


def _from_buffer(content: Any, dtype: Any, shape: Any, order: str) -> Any:
    """As arrays of pickles of protocol 5 are made."""
    return np.frombuffer(content, dtype=dtype).reshape(shape, order='F' if order == 'F' else 'C')
