"""H.265 at an average bit rate, of Mini Kinetics-C (Yi et al. 2021, arXiv:2110.06513)."""

from dataclasses import dataclass
from typing import ClassVar

from mmrobust.corruptions.bit_rate import BitRateCorruption
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class H265ABR(BitRateCorruption):
    """Coded by x265 at a part of the clip's own bit rate.

    Official setting: ffmpeg with libx265; the bit rate is that of the whole file, sound
    included. Deviation: ``Clip.bit_rate`` is the video's alone.
    """

    encoder: ClassVar[str] = 'libx265'
