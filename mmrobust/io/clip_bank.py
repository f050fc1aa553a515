"""A file of short clips that an attack mixes with those that it attacks.

Shapes: B clips of T frames, H rows, W columns, C channels; uint8.
"""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmrobust.functional.checks import require


def read_bank(path: str) -> NDArray[np.uint8]:
    """The clips (B, T, H, W, C) of a ``.npy`` file, which stay on disk until they are used.

    Raises:
        ValueError: There is no such file, or it holds something else.
    """
    require(Path(path).is_file(), 'bank', 'an existing .npy file', path)
    status = Path(path).stat()
    return _read(path, status.st_mtime_ns, status.st_ino)


@cache
def _read(path: str, changed: int, number: int) -> NDArray[np.uint8]:
    """Once for each state of the file."""
    try:
        clips = np.load(path, mmap_mode='r', allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise ValueError(f'bank must be a .npy file of clips, got {path!r}: {error}') from error
    array = isinstance(clips, np.ndarray)
    got = f'{clips.dtype} {clips.shape}' if array else type(clips).__name__
    fits = array and clips.dtype == np.uint8 and clips.ndim == 5 and clips.size > 0
    require(fits, 'bank', 'clips (B, T, H, W, C) of uint8', f'{got} in {path}')
    return clips
