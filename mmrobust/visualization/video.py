"""Small videos that any browser plays.

Shapes: T frames, H rows, W columns; frames are uint8 RGB of shape (T, H, W, 3).
"""

import os
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from mmrobust.io.atomic import replacing
from mmrobust.io.frames import Frames, check_frames, enlarge
from mmrobust.io.video import packets, rate_of

MAX_PREVIEW_WIDTH = 1920


def write_preview(path: str | os.PathLike[str], frames: Frames, fps: float | Fraction) -> None:
    """Write a lossy .mp4 that any browser plays.

    Args:
        path: A file name that ends in ``.mp4``; missing folders are made.
        frames: uint8 RGB, (T, H, W, 3).
        fps: Frames per second, above 0 and at most 1000.

    Raises:
        ValueError: If an argument breaks its rule.
    """
    path = Path(path)
    if path.suffix != '.mp4':
        raise ValueError(f'path must end in .mp4, got {str(path)!r}')
    check_frames(frames)
    frames, rate = _browser_size(frames), rate_of(fps)
    with (
        replacing(path) as temporary,
        av.open(str(temporary), 'w', format='mp4', options={'movflags': '+faststart'}) as container,
    ):
        # Amplified noise is dear to encode: a faster preset costs little that the eye sees.
        options = {'crf': '26', 'preset': 'veryfast'}
        stream: Any = container.add_stream('libx264', rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = frames.shape[2], frames.shape[1], 'yuv420p'
        for packet in packets(stream, frames):
            container.mux(packet)


def preview_bytes(frames: Frames, fps: float | Fraction) -> bytes:
    """The bytes of a lossy .mp4 that any browser plays (H.264, yuv420p).

    Small frames are enlarged by a whole factor, odd sizes are padded to even
    ones by repeating the last row or column.

    Args:
        frames: uint8 RGB, (T, H, W, 3).
        fps: Frames per second, above 0 and at most 1000.

    Returns:
        The content of the file.

    Raises:
        ValueError: If an argument breaks its rule.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'preview.mp4'
        write_preview(path, frames, fps)
        return path.read_bytes()


def _browser_size(frames: Frames) -> Frames:
    """Frames (T, H', W', 3) large enough to see, small enough to play, H' and W' even."""
    frames = enlarge(frames)
    height, width = frames.shape[1:3]
    if width > MAX_PREVIEW_WIDTH:
        size = MAX_PREVIEW_WIDTH, max(round(height * MAX_PREVIEW_WIDTH / width), 1)
        frames = np.stack([cv2.resize(f, size, interpolation=cv2.INTER_AREA) for f in frames])
        height, width = frames.shape[1:3]
    return np.pad(frames, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)), mode='edge')
