"""What is wrong with the file of a sample, in place of what a library says of it.

A reader's own words are about bytes and buffers, or say that a file may not exist that does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import cv2
import numpy as np

from mmrobust.compat.cut_files import missing_bytes
from mmrobust.datasets.frames import opened
from mmrobust.functional.checks import BrokenFileError, one_line

# How pictures begin, and what stands within so many bytes of their end.
SIGNATURES = {b'\xff\xd8\xff': b'\xff\xd9', b'\x89PNG': b'IEND'}
END = 64


@contextmanager
def blaming_the_file(transform: object, state: Mapping[str, Any]) -> Iterator[None]:
    """Inside, a transform of a pipeline runs; where it cannot read the sample's file, says why.

    Args:
        transform: Of MMAction2 or MMPose; its name says whether it reads a file.
        state: What it is given.

    Raises:
        BrokenFileError: The file is empty, cut short, or no video or picture. Any other error
            is left as it is.
    """
    # A transform may work in place, and a frame is a picture by the time that it fails.
    path, video = _file(state)
    try:
        yield
    except Exception as error:
        name = getattr(transform, 'shown_as', type(transform).__name__)
        reads = any(word in name for word in ('Init', 'Decode', 'Load'))
        reason = _reason(path, video, name, error) if path is not None and reads else None
        if reason is None:
            raise
        raise BrokenFileError(reason) from error


def _file(state: Mapping[str, Any]) -> tuple[str | None, bool]:
    """The file that a sample is read from, if it is there, and whether it is a video."""
    for key in ('filename', 'video', 'img_path'):
        path = state.get(key)
        if isinstance(path, str) and os.path.isfile(path):
            return path, key != 'img_path'
    return None, False


def _reason(path: str, video: bool, name: str, error: Exception) -> str | None:
    if not os.path.getsize(path):
        return 'the file is empty'
    if video:
        missing, what = missing_bytes(path), 'video'
        cut = f'the file is cut short by {missing} bytes: {name} cannot read it'
        to_blame = bool(missing) or 'Init' in name or not _opens(path)
    else:
        missing, what = _cut(path), 'picture'
        cut = f'the file is cut short: {name} cannot read it'
        to_blame = bool(missing) or not _is_picture(path)
    if not to_blame:
        return None
    # A video may be whole and of a format that its reader has more to say of.
    more = f' ({one_line(error)})' if 'Init' in name else ''
    return cut if missing else f'the file is no {what} that {name} can read{more}'


def _is_picture(path: str) -> bool:
    return cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED) is not None


def _opens(path: str) -> bool:
    try:
        return bool(opened(path).grab())
    except ValueError:
        return False


def _cut(path: str) -> int:
    """1 for a JPEG or PNG without its end, else 0."""
    with open(path, 'rb') as file:
        start = file.read(8)
        file.seek(max(0, os.path.getsize(path) - END))
        last = file.read()
    return int(any(start.startswith(s) and end not in last for s, end in SIGNATURES.items()))
