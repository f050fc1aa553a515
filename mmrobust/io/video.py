"""Write and read videos: bit-exact files for experiments.

Shapes: T frames, H rows, W columns; frames are uint8 RGB of shape (T, H, W, 3).

The exact format is FFV1 in Matroska with pixel format ``bgr0``: no colour
conversion, no chroma subsampling, every frame a key frame. PyAV, OpenCV and
decord give back the frames bit for bit and agree on their number; the same
frames and rate always give the same bytes.

Deviation: decord 0.6.0 cannot read *any* video, of whatever format, that is
1, 2, 3, 4, 6, 8, 12, 16, 24, 48 or 72 pixels wide (it miscounts the row padding,
'from_size == to_size'). Such videos need ``OpenCVInit``.
``PyAVInit`` of MMAction2 counts no frames in Matroska files, and reads none.
"""

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from mmrobust.io.atomic import replacing
from mmrobust.io.frames import Frames, check_frames

# Matroska counts in milliseconds, so that faster videos lose frames.
MAX_FPS = 1000


def write_lossless(path: str | os.PathLike[str], frames: Frames, fps: float | Fraction) -> None:
    """Write ``frames`` without any loss; the file appears only when complete.

    Args:
        path: A file name that ends in ``.mkv``; missing folders are made.
        frames: uint8 RGB, (T, H, W, 3), each of T, H, W at least 1.
        fps: Frames per second, above 0 and at most 1000.

    Raises:
        ValueError: If an argument breaks its rule.
    """
    path = Path(path)
    if path.suffix != '.mkv':
        raise ValueError(f'path must end in .mkv, got {str(path)!r}')
    check_frames(frames)
    rate = rate_of(fps)
    with (
        replacing(path) as temporary,
        av.open(
            str(temporary), 'w', format='matroska', options={'fflags': '+bitexact'}
        ) as container,
    ):
        stream: Any = container.add_stream('ffv1', rate=rate)
        stream.width, stream.height, stream.pix_fmt = frames.shape[2], frames.shape[1], 'bgr0'
        stream.codec_context.gop_size = 1
        held: Any = None
        for packet in packets(stream, frames):
            if held is not None:
                container.mux(held)
            held = packet
        # Without a duration of at least one frame, decord refuses a video of one frame.
        held.pts = held.dts = round((held.pts * held.time_base) * 1000)
        held.time_base, held.duration = Fraction(1, 1000), -(-1000 // rate)
        container.mux(held)


def read_video(path: str | os.PathLike[str]) -> tuple[Frames, float]:
    """Read all frames of a video.

    Args:
        path: Any video that FFmpeg can read.

    Returns:
        The frames, uint8 RGB (T, H, W, 3), and the frames per second.

    Raises:
        ValueError: If the file has no video stream, no frame or no rate.
    """
    name = os.path.abspath(path)
    with av.open(name) as container:
        if not container.streams.video:
            raise ValueError(f'path must be a video, got {name!r} without a video stream')
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format='rgb24') for frame in container.decode(stream)]
        rate = stream.average_rate or stream.guessed_rate
    if not frames or not rate:
        raise ValueError(f'path must hold frames at a rate, got {len(frames)} at {rate}: {name!r}')
    return np.stack(frames), float(rate)


def write_png_frames(
    folder: str | os.PathLike[str],
    frames: Frames,
    template: str = 'img_{:05}.png',
    start: int = 1,
) -> None:
    """Write one PNG per frame, in the layout of MMAction2's ``RawframeDataset``.

    Args:
        folder: Where to write; made if missing.
        frames: uint8 RGB, (T, H, W, 3).
        template: File name with one format field for the frame's number.
        start: Number of the first frame.

    Raises:
        ValueError: If the frames are malformed, or the template names no PNG per frame.
    """
    check_frames(frames)
    if template.format(1) == template.format(2) or not template.endswith('.png'):
        raise ValueError(f"template must look like 'img_{{:05}}.png', got {template!r}")
    for number, frame in enumerate(frames, start):
        data = cv2.imencode('.png', np.ascontiguousarray(frame[..., ::-1]))[1].tobytes()
        with replacing(Path(folder) / template.format(number)) as temporary:
            temporary.write_bytes(data)


def rate_of(fps: float | Fraction) -> Fraction:
    """The rate as a fraction that FFmpeg can store (30000/1001 for 29.97)."""
    if not 0 < fps <= MAX_FPS:
        raise ValueError(f'fps must be above 0 and at most {MAX_FPS}, got {fps!r}')
    return Fraction(fps).limit_denominator(100_000)


def packets(stream: Any, frames: Frames) -> Iterator[Any]:
    """Encoded packets of all frames, the encoder's delayed ones included."""
    for number, frame in enumerate(frames):
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format='rgb24')
        picture.pts = number
        yield from stream.encode(picture)
    yield from stream.encode()
