"""Videos coded and decoded in memory.

Shapes: T frames, H x W pixels.

One thread each, so that two runs give the same bytes. Two faults of the encoders are avoided
as well: x264 reads memory that nobody has set in its AVX-512 code (core 165), and so does x265
in small pictures, or writes beyond what is its own.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.codec.codec import UnknownCodecError

from mmrobust.corruptions.clip import Frames
from mmrobust.io.video import packets


@dataclass(frozen=True)
class Codec:
    """An encoder of FFmpeg and what it needs.

    Attributes:
        decoder: FFmpeg's name of what decodes its streams.
        options: What it is always given.
        least: Rows and columns that it is given at least.
    """

    decoder: str
    options: Mapping[str, str] = field(default_factory=dict)
    least: int = 2


CODECS = {
    'libx264': Codec('h264', {'x264-params': 'asm=SSE4.2'}),
    'libx265': Codec('hevc', {'x265-params': 'pools=1:frame-threads=1:log-level=none'}, 96),
    'mpeg2video': Codec('mpeg2video'),
    'mpeg4': Codec('mpeg4'),
}


class MissingEncoderError(RuntimeError):
    """FFmpeg, as it was built, has no such encoder."""


def has_encoder(name: str) -> bool:
    """Whether this FFmpeg has an encoder of that name."""
    try:
        av.codec.Codec(name, 'w')
    except UnknownCodecError:
        return False
    return True


def encoded(
    frames: Frames, encoder: str, options: Mapping[str, str], rate: float = 25.0
) -> list[Any]:
    """Packets of a video without a container, yuv420p, in the order of decoding.

    Sides that are odd or too small are continued by their last row and column.

    Args:
        frames: (T, H, W, 3), uint8, RGB.
        encoder: One of ``CODECS``.
        options: Of the encoder, as the ``ffmpeg`` command takes them.
        rate: Frames a second; what is below 1 or above 1000 is taken as that.

    Raises:
        MissingEncoderError: FFmpeg was built without it.
    """
    if not has_encoder(encoder):
        raise MissingEncoderError(f'this FFmpeg has no encoder {encoder!r}')
    codec = CODECS[encoder]
    height, width = (max(side + side % 2, codec.least) for side in frames.shape[1:3])
    below, right = height - frames.shape[1], width - frames.shape[2]
    context: Any = av.CodecContext.create(encoder, 'w')
    context.height, context.width, context.pix_fmt = height, width, 'yuv420p'
    context.framerate = Fraction(min(max(rate, 1.0), 1000.0)).limit_denominator(1001)
    context.time_base, context.thread_count = 1 / context.framerate, 1
    context.options = {**codec.options, **options}
    return list(packets(context, np.pad(frames, ((0, 0), (0, below), (0, right), (0, 0)), 'edge')))


def decoded(stream: Sequence[Any], encoder: str, like: Frames) -> Frames:
    """As many frames as there were, of the same size, whatever has happened to the packets.

    A frame that does not come out is replaced by the last one that did, as on a screen; before
    the first, by that; and by black if none does. Nothing moves to another time.

    Args:
        stream: Packets of ``encoded``, whose time stamps are the frames' numbers.
        encoder: What they are from.
        like: What was encoded, (T, H, W, 3).
    """
    context: Any = av.CodecContext.create(CODECS[encoder].decoder, 'r')
    context.thread_count = 1
    _, height, width, _ = like.shape
    shown: dict[int, Frames] = {}
    for packet in [*stream, None]:
        with suppress(av.error.InvalidDataError):
            for frame in context.decode(packet):
                shown[frame.pts] = frame.to_ndarray(format='rgb24')[:height, :width]
    last = shown[min(shown)] if shown else np.zeros_like(like[0])
    result = np.empty_like(like)
    for number in range(len(like)):
        last = result[number] = shown.get(number, last)
    return result
