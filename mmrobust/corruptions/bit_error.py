"""Bit errors of Mini Kinetics-C (Yi et al. 2021, arXiv:2110.06513)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.annex_b import SLICES, header, kind
from mmrobust.corruptions.damaged_stream import DamagedStream, Stream
from mmrobust.functional.checks import finite, require
from mmrobust.registry import CORRUPTIONS

# Bytes behind a start code that a slice's own header lies in.
HEADER = 16


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class BitError(DamagedStream):
    """An H.264 stream in which bytes have become others.

    ``constants`` say of how many bytes one is hit, in the mean, each for itself. What is hit at
    one severity is hit at all higher ones, and becomes the same. Headers are spared: without
    one, the whole slice is lost, which is
    :class:`~mmrobust.corruptions.packet_loss.PacketLoss`.

    Official setting: FFmpeg's bit-stream filter ``noise`` on the file's own stream, which it
    need not code again. How much it damages goes with the size: a clip of 50 kB is hit once in
    two at severity 1, and five times at severity 5.

    Args:
        factor: Bytes are hit so many times as often, > 0; for clips that are short or small.
    """

    constants: ClassVar[tuple[int, ...]] = (100_000, 50_000, 30_000, 20_000, 10_000)
    factor: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require(finite(self.factor) and self.factor > 0, 'factor', '> 0', self.factor)

    def numbers(self, parts: Sequence[Sequence[bytes]], rng: np.random.Generator) -> Any:
        """A chance and a byte for each byte; 1 where no byte is ever hit."""
        chances = np.concatenate([_open(unit) for units in parts for unit in units])
        drawn, noise = rng.random(len(chances)), rng.integers(1, 256, len(chances), np.uint8)
        return np.where(chances, drawn, 1), noise

    def damaged(self, stream: Stream, severity: int) -> list[bytes]:
        """The packets with other bytes."""
        whole = np.frombuffer(b''.join(b''.join(units) for units in stream.units), np.uint8)
        hit = stream.chances < np.float64(self.factor / self.constants[severity - 1])
        after = np.where(hit, whole ^ stream.noise, whole)
        ends = np.cumsum([sum(map(len, units)) for units in stream.units])
        return [part.tobytes() for part in np.split(after, ends[:-1])]


def _open(unit: bytes) -> NDArray[np.bool_]:
    """Which bytes of a unit may be hit."""
    found = np.full(len(unit), kind(unit) in SLICES)
    found[: header(unit) + HEADER] = False
    return found
