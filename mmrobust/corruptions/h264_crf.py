"""H.264 at a constant rate factor, of Mini Kinetics-C (Yi et al. 2021, arXiv:2110.06513)."""

from dataclasses import dataclass
from typing import Any, ClassVar

from mmrobust.corruptions.stream import StreamCorruption
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class H264CRF(StreamCorruption):
    """Coded by x264 at one quality.

    ``constants`` are the rate factors, 0 to 51; the encoder's own choice is 23.

    Official setting: ffmpeg with libx264, its defaults otherwise. Deviation: odd sides are
    continued by a row or column, which is cut off again; officially they lose one.
    """

    constants: ClassVar[tuple[int, ...]] = (23, 30, 37, 44, 51)
    encoder: ClassVar[str] = 'libx264'

    def options(self, drawing: Any, severity: int) -> dict[str, str]:
        """The rate factor."""
        return {'crf': str(self.constants[severity - 1])}
