"""What kinds share that damage the stream that a video is coded in."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import av
import numpy as np

from mmrobust.corruptions.annex_b import units
from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.corruptions.codec import decoded, encoded
from mmrobust.corruptions.draws import Draws
from mmrobust.corruptions.stream import StreamCorruption
from mmrobust.functional.checks import require, whole


@dataclass(frozen=True)
class Stream:
    """An H.264 stream, and the random numbers that will damage it.

    Attributes:
        packets: One for each frame, in the order of decoding.
        units: Of each of the packets.
        chances: Numbers in [0, 1), as many as the kind wants, in the order of the stream.
        noise: Bytes above 0, as many, or none.
    """

    packets: Sequence[Any]
    units: Sequence[Sequence[bytes]]
    chances: Sequence[Any]
    noise: Sequence[Any]


@dataclass(frozen=True)
class DamagedStream(StreamCorruption):
    """Coded by x264 at its default rate factor, 23, damaged, and decoded.

    The decoder conceals what is missing, and what is predicted from it is wrong as well, until
    the next picture that needs no other. A frame that does not come out is replaced by the one
    before it; number and times of frames stay. The rest of the loss is that of the codec:
    severity 1 of :class:`~mmrobust.corruptions.h264_crf.H264CRF` is the same without damage, but
    for ``gop``.

    Args:
        gop: Frames from one picture that needs no other to the next, at most; >= 1. x264's own
            choice is 250.
    """

    encoder: ClassVar[str] = 'libx264'
    gop: int = 30

    def __post_init__(self) -> None:
        require(whole(self.gop, 1), 'gop', 'a whole number >= 1', self.gop)

    def options(self, drawing: Any, severity: int) -> dict[str, str]:
        """Alike at all severities."""
        return {'crf': '23', 'g': str(self.gop)}

    def draw(self, clip: Clip, draws: Draws) -> Any:
        """A :class:`Stream`, which serves all severities."""
        packets = encoded(clip.frames, self.encoder, self.options(None, 1), clip.rate)
        parts = [units(bytes(packet)) for packet in packets]
        return Stream(packets, parts, *self.numbers(parts, draws.of_clip()))

    @abstractmethod
    def numbers(self, parts: Sequence[Sequence[bytes]], rng: np.random.Generator) -> Any:
        """``chances`` and ``noise`` for these units of each packet."""

    @abstractmethod
    def damaged(self, stream: Stream, severity: int) -> list[bytes]:
        """What is left of each packet; of some nothing may be."""

    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """The frames as they come out of the decoder."""
        arrived = []
        pairs = zip(drawing.packets, self.damaged(drawing, severity), strict=True)
        for packet, data in pairs:
            if data:
                other = av.Packet(data)
                other.pts, other.dts = packet.pts, packet.dts
                other.time_base = packet.time_base
                arrived.append(other)
        return decoded(arrived, self.encoder, clip.frames)
