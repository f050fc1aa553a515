"""Gaussian blur of ImageNet-C (Hendrycks and Dietterich 2019, arXiv:1903.12261)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mmrobust.corruptions.base import Corruption, truncated
from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.corruptions.constants import five
from mmrobust.corruptions.smoothing import smoothed
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class GaussianBlur(Corruption):
    """Every frame smoothed.

    Args:
        constants: Standard deviations in pixels. Default ImageNet-C's; Kinetics-P has
            (0.5, 0.75, 1, 1.25, 1.5).
    """

    group: ClassVar[str] = 'blur'
    constants: tuple[float, ...] = (1, 2, 3, 4, 6)

    def __post_init__(self) -> None:
        object.__setattr__(self, 'constants', five(self.constants))

    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """The smoothed frames."""
        sigma = self.constants[severity - 1]
        return np.stack([truncated(smoothed(frame, sigma)) for frame in clip.frames])
