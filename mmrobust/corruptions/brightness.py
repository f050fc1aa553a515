"""Brightness of ImageNet-C (Hendrycks and Dietterich 2019, arXiv:1903.12261)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mmrobust.corruptions.base import Corruption
from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.corruptions.hsv import with_value_added
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Brightness(Corruption):
    """More of the value of HSV in every pixel.

    ``constants`` are what is added, as shares of 255.
    """

    group: ClassVar[str] = 'weather'
    constants: ClassVar[tuple[float, ...]] = (0.1, 0.2, 0.3, 0.4, 0.5)

    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """The brighter frames."""
        amount = 255 * self.constants[severity - 1]
        return np.stack([with_value_added(frame, amount) for frame in clip.frames])
