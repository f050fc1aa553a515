"""MPEG-2 of the -P sets (Schiappa et al. 2023, arXiv:2207.01398)."""

from dataclasses import dataclass
from typing import Any, ClassVar

from mmrobust.corruptions.quantiser import fixed
from mmrobust.corruptions.stream import StreamCorruption
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class MPEG2(StreamCorruption):
    """Coded by FFmpeg's own MPEG-2 encoder with one quantiser.

    ``constants`` are the quantisers as published. The format has none above 31, at which those
    above are held: severities 2 to 5 are one and the same. A curve over them is flat there.
    """

    constants: ClassVar[tuple[int, ...]] = (20, 40, 60, 80, 100)
    encoder: ClassVar[str] = 'mpeg2video'

    def options(self, drawing: Any, severity: int) -> dict[str, str]:
        """The quantiser."""
        return fixed(self.constants[severity - 1])
