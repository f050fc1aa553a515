"""Frame rate of Mini Kinetics-C (Yi et al. 2021, arXiv:2110.06513)."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Literal

import numpy as np

from mmrobust.corruptions.clip import Clip
from mmrobust.corruptions.order import Indices, OrderCorruption
from mmrobust.functional.checks import require
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class FrameRate(OrderCorruption):
    """Fewer frames a second, evenly chosen.

    ``constants`` are frames a second. Of each interval at that rate the first frame is kept. A
    clip whose own ``rate`` is no higher stays as it is.

    Official setting: ``ffmpeg -fps`` with libx265, which codes the video once more. Deviation:
    frames only.

    Args:
        fill: ``hold`` shows a frame until the next one that was kept: number and times of
            frames stay, as on a screen. ``drop`` leaves the others out: a sampler that counts
            frames sees a faster video.
    """

    constants: ClassVar[tuple[int, ...]] = (20, 16, 12, 9, 6)
    fill: Literal['hold', 'drop'] = 'hold'

    def __post_init__(self) -> None:
        require(self.fill in ('hold', 'drop'), 'fill', "'hold' or 'drop'", self.fill)

    def indices(self, clip: Clip, drawing: Any, severity: int) -> Indices:
        """The last frame that was kept, for each of (T,), or those that were, (T',)."""
        # 30000 / 1001 and the like exactly: rounding must not decide which frame is the first.
        rate = Fraction(max(clip.rate, 1.0)).limit_denominator(1001)
        share = self.constants[severity - 1] / rate
        up, down = share.numerator, share.denominator
        interval = np.arange(len(clip.frames)) * up // down
        kept = -(-interval * down // up)
        return kept if self.fill == 'hold' else np.unique(kept)
