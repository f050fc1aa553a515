"""Checkpoints are data: mmengine shall load them without running pickled code.

torch >= 2.6 refuses the message hub in the checkpoints that mmengine 0.10.7
writes (``Weights only load failed``); older ones run whatever the pickle says,
and so does mmengine for a URL. Here every local or downloaded checkpoint is
read with ``weights_only=True``, and the message hub's classes are allowed.
"""

import functools
import os.path
import pickle
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from mmrobust.compat._base import Break
from mmrobust.compat._imports import find_real, when_imported
from mmrobust.compat._scope import within

TYPE_CODES = '?bhilqBHILQefdFD'
STATISTICS = ('min', 'max', 'current', 'mean')


def _renamed(function: Callable[..., Any], path: str) -> Callable[..., Any]:
    """The function under the name by which pickles know it."""

    def alias(*args: Any) -> Any:
        return function(*args)

    alias.__module__, _, name = path.rpartition('.')
    # Which of the two torch goes by depends on its version.
    alias.__name__ = alias.__qualname__ = name
    return alias


def _history_method(owner: Any, name: str) -> Any:
    """``getattr``, restricted to the statistics of mmengine's HistoryBuffer."""
    from mmengine.logging import HistoryBuffer

    if owner is not HistoryBuffer or name not in STATISTICS:
        raise pickle.UnpicklingError(f'GLOBAL builtins.getattr whose use is no statistic: {name}')
    return getattr(HistoryBuffer, name)


def _plain_dtype(code: str, *flags: Any) -> Any:
    """``numpy.dtype``, restricted to numbers and strings."""
    import numpy as np

    dtype = np.dtype(code, *flags) if isinstance(code, str) else None
    if dtype is None or dtype.kind not in 'biufcSU':
        raise pickle.UnpicklingError(f'GLOBAL numpy.dtype whose kind is no number or text: {code}')
    return dtype


@functools.lru_cache(maxsize=1)
def allowed_globals() -> list[Any]:
    """Classes and functions that the message hub's pickles name."""
    import numpy as np
    from mmengine.logging import HistoryBuffer

    reconstruct: Any = np.zeros(0).__reduce__()[0]
    scalar: Any = np.float64(0).__reduce__()[0]
    allowed = [HistoryBuffer, np.ndarray, _renamed(_plain_dtype, 'numpy.dtype')]
    allowed += {type(np.dtype(code)) for code in (*TYPE_CODES, 'S1', 'U1')}
    allowed.append(_renamed(_history_method, 'builtins.getattr'))
    for core in ('numpy.core.multiarray', 'numpy._core.multiarray'):
        allowed.append(_renamed(reconstruct, f'{core}._reconstruct'))
        allowed.append(_renamed(scalar, f'{core}.scalar'))
    return allowed


@contextmanager
def data_only(source: str) -> Iterator[None]:
    """Allow the message hub's globals, and say in one line what else is refused.

    Args:
        source: Path or URL of the checkpoint, for the message.
    """
    from torch.serialization import get_safe_globals, safe_globals

    present = set(get_safe_globals())
    with safe_globals([entry for entry in allowed_globals() if entry not in present]):
        try:
            yield
        except FileNotFoundError:
            raise
        except Exception as error:
            # A text file, an empty one, a download cut short: torch says it in many ways.
            raise pickle.UnpicklingError(_refusal(source, str(error))) from None


def _refusal(source: str, message: str) -> str:
    found = re.search(r'GLOBAL (\S+) (?:was|whose)', message)
    if found is None and (kind := _other_kind(source)):
        return f'{source} cannot be read as data: it is no checkpoint, but {kind}'
    if found is None:
        reason = message.splitlines()[0] if message else 'not a checkpoint'
        detail = re.search(r'WeightsUnpickler error:\s*(\S.*)', message)
        return f'{source} cannot be read as data: {detail.group(1) if detail else reason}'
    return (
        f'{source} refused: it holds the global {found.group(1)}, which could only be restored '
        'by running pickled code. To convert, load it once where its author is trusted and keep '
        "its weights alone: torch.save({'state_dict': checkpoint['state_dict']}, path)"
    )


def _other_kind(source: str) -> str:
    """What a local file is that torch never wrote; '' if it may be a checkpoint."""
    try:
        with Path(source).expanduser().open('rb') as file:
            beginning = file.read(4)
    except OSError:
        return ''
    if not beginning:
        return 'an empty file'
    # A ZIP archive, or a pickle of protocol 2 or later.
    known = beginning.startswith((b'PK', b'\x80'))
    return '' if known else 'a file of another kind, such as text'


def load_from_local(filename: str, map_location: Any = None) -> Any:
    """Load a local checkpoint as data.

    Args:
        filename: Path of the checkpoint.
        map_location: As in :func:`torch.load`.

    Returns:
        The checkpoint.
    """
    import torch

    path = os.path.expanduser(filename)
    if not os.path.isfile(path):
        raise FileNotFoundError(f'{filename} can not be found.')
    with data_only(filename):
        return torch.load(path, map_location=map_location, weights_only=True)


def _load_url(original: Callable[..., Any], url: str, *args: Any, **kwargs: Any) -> Any:
    with data_only(url):
        return original(url, *args, **{**kwargs, 'weights_only': True})


class UnsafeCheckpoints(Break):
    """mmengine leaves ``weights_only`` to torch's default."""

    name = "mmengine checkpoints and torch.load's weights_only"
    symptom = 'Weights only load failed'
    remedy = 'loaded as data only; the classes of the message hub are allowed'
    changes_behaviour = True

    def detect(self) -> bool:
        """Always with mmengine: no release both reads its own files and refuses code."""
        return find_real('mmengine') is not None

    def heal(self) -> None:
        """Wait for mmengine's loader."""
        when_imported('mmengine.runner.checkpoint', self._register)

    def _register(self, module: ModuleType) -> None:
        names = module.__dict__
        local, url = names['load_from_local'], names['load_url']
        names['load_from_local'] = within(local, load_from_local)
        names['load_url'] = within(url, functools.partial(_load_url, url))
        module.CheckpointLoader.register_scheme('', names['load_from_local'], force=True)
        self.note()
