"""Impulse noise of ImageNet-C (Hendrycks and Dietterich 2019, arXiv:1903.12261)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mmrobust.corruptions.base import Corruption
from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.corruptions.draws import Draws
from mmrobust.corruptions.fields import uniform_fields
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class ImpulseNoise(Corruption):
    """Some values, of single channels, become 0 or 255, with equal chances; anew in every frame.

    ``constants`` are the shares of values that are hit. What is hit at one severity is hit at all
    worse ones.
    """

    group: ClassVar[str] = 'noise'
    constants: ClassVar[tuple[float, ...]] = (0.03, 0.06, 0.09, 0.17, 0.27)

    def draw(self, clip: Clip, draws: Draws) -> Any:
        """Uniform numbers, (T, H, W, 3)."""
        return uniform_fields(clip, draws)

    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """The frames with black and bright values."""
        half = self.constants[severity - 1] / 2
        frames = np.where(drawing < half, np.uint8(0), clip.frames)
        return np.where(drawing >= 1 - half, np.uint8(255), frames)
