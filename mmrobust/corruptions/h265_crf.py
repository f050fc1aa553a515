"""H.265 at a constant rate factor, of Mini Kinetics-C (Yi et al. 2021, arXiv:2110.06513)."""

from dataclasses import dataclass
from typing import Any, ClassVar

from mmrobust.corruptions.stream import StreamCorruption
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class H265CRF(StreamCorruption):
    """Coded by x265 at one quality.

    ``constants`` are the rate factors, 0 to 51; the encoder's own choice is 28.

    Official setting: ffmpeg with libx265, its defaults otherwise. Deviations: sides that are odd
    or below 96 are continued, and cut off again; officially odd ones lose a row or column.
    """

    constants: ClassVar[tuple[int, ...]] = (27, 33, 39, 45, 51)
    encoder: ClassVar[str] = 'libx265'

    def options(self, drawing: Any, severity: int) -> dict[str, str]:
        """The rate factor."""
        return {'crf': str(self.constants[severity - 1])}
