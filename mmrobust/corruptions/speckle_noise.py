"""Speckle noise of ImageNet-C (Hendrycks and Dietterich 2019, arXiv:1903.12261)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mmrobust.corruptions.base import Corruption, truncated
from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.corruptions.constants import five
from mmrobust.corruptions.draws import Draws
from mmrobust.corruptions.fields import normal_fields
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class SpeckleNoise(Corruption):
    """Normal noise in proportion to the value, anew in every frame: black stays black.

    Args:
        constants: Standard deviations, as shares of the value. Default ImageNet-C's; Kinetics-P
            has (0.15, 0.2, 0.25, 0.3, 0.35).
    """

    group: ClassVar[str] = 'noise'
    constants: tuple[float, ...] = (0.15, 0.2, 0.35, 0.45, 0.6)

    def __post_init__(self) -> None:
        object.__setattr__(self, 'constants', five(self.constants))

    def draw(self, clip: Clip, draws: Draws) -> Any:
        """Standard normal numbers, (T, H, W, 3)."""
        return normal_fields(clip, draws)

    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """The frames with noise."""
        scale = self.constants[severity - 1]
        pairs = zip(clip.frames, drawing, strict=True)
        return np.stack([truncated(frame * (1 + scale * noise)) for frame, noise in pairs])
