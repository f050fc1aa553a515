"""Saturation of ImageNet-C (Hendrycks and Dietterich 2019, arXiv:1903.12261)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mmrobust.corruptions.base import Corruption
from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.corruptions.hsv import with_saturation
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Saturate(Corruption):
    """Paler colours at severities 1 and 2, stronger ones at 3 to 5.

    ``constants`` are a factor of the saturation of HSV, and what is added after it.
    """

    group: ClassVar[str] = 'digital'
    constants: ClassVar[tuple[tuple[float, float], ...]] = (
        (0.3, 0),
        (0.1, 0),
        (2, 0),
        (5, 0.1),
        (20, 0.2),
    )

    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """The frames with other colours."""
        constants = self.constants[severity - 1]
        return np.stack([with_saturation(frame, *constants) for frame in clip.frames])
