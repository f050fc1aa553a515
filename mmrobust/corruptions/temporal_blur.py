"""The motion blur of Mini-Kinetics-C (Yi et al. 2021, arXiv:2110.06513): a mean over time."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mmrobust.corruptions.base import Corruption
from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.corruptions.constants import five
from mmrobust.functional.checks import require, whole
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class TemporalBlur(Corruption):
    """Every frame is the mean of those about it, from c before it to c - 1 after it.

    At both ends it is the mean of those that there are. The published code leaves out the c first
    and the c last frames, so that clips become shorter. Neighbours are those of the clip: of a
    clip that was sampled with gaps, the blur is longer.

    Args:
        constants: c in frames. Default Mini-Kinetics-C's; Mini-SSv2-C has (1, 2, 3, 4, 6).
    """

    group: ClassVar[str] = 'blur'
    level: ClassVar = 'clip'
    moves: ClassVar = 'unknown'
    constants: tuple[int, ...] = (3, 5, 7, 9, 11)

    def __post_init__(self) -> None:
        five(self.constants)
        rule = 'five whole numbers of frames'
        require(all(whole(one) for one in self.constants), 'constants', rule, self.constants)
        object.__setattr__(self, 'constants', tuple(self.constants))

    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """The means over time."""
        reach, count = self.constants[severity - 1], len(clip.frames)
        sums = np.zeros((count + 1, *clip.frames.shape[1:]), np.int32)
        np.cumsum(clip.frames, axis=0, out=sums[1:])
        frames = np.arange(count)
        first, end = np.maximum(frames - reach, 0), np.minimum(frames + reach, count)
        lengths = (end - first).reshape(-1, 1, 1, 1)
        return ((sums[end] - sums[first]) // lengths).astype(np.uint8)
