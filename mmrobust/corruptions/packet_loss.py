"""Packet loss of Mini Kinetics-C (Yi et al. 2021, arXiv:2110.06513)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mmrobust.corruptions.annex_b import SLICES, kind
from mmrobust.corruptions.damaged_stream import DamagedStream, Stream
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class PacketLoss(DamagedStream):
    """An H.264 stream of which packets are lost on the way.

    ``constants`` are the chances of a packet to be lost, each for itself. What is lost at one
    severity is lost at all higher ones. A packet holds a slice of at most 1200 bytes, so that
    nothing but it needs it; the first frame, and what holds no picture, always arrive.

    Official setting: a simulated network, H.264 over UDP, which draws anew each time. A frame
    is a packet at least: of a clip of 32 small frames, 1 % often is none.
    """

    constants: ClassVar[tuple[float, ...]] = (0.01, 0.02, 0.03, 0.04, 0.06)

    def options(self, drawing: Any, severity: int) -> dict[str, str]:
        """A slice for each packet of a network."""
        return {**super().options(drawing, severity), 'slice-max-size': '1200'}

    def numbers(self, parts: Sequence[Sequence[bytes]], rng: np.random.Generator) -> Any:
        """A chance for each unit."""
        return rng.random(sum(len(units) for units in parts)), ()

    def damaged(self, stream: Stream, severity: int) -> list[bytes]:
        """What has not been lost of each frame."""
        lost = iter(stream.chances < np.float64(self.constants[severity - 1]))
        left = []
        for number, units in enumerate(stream.units):
            # Every unit takes its number, or the next one would have another.
            pairs = [(unit, next(lost)) for unit in units]
            gone = [one and number > 0 and kind(unit) in SLICES for unit, one in pairs]
            left.append(b''.join(u for u, away in zip(units, gone, strict=True) if not away))
        return left
