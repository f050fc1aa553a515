"""Gaussian noise of ImageNet-C (Hendrycks and Dietterich 2019, arXiv:1903.12261)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mmrobust.corruptions.base import Corruption, truncated
from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.corruptions.draws import Draws
from mmrobust.corruptions.fields import normal_fields
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class GaussianNoise(Corruption):
    """Independent normal noise on every value, anew in every frame.

    ``constants`` are the standard deviations, as shares of 255. One field serves all severities.
    """

    group: ClassVar[str] = 'noise'
    constants: ClassVar[tuple[float, ...]] = (0.08, 0.12, 0.18, 0.26, 0.38)

    def draw(self, clip: Clip, draws: Draws) -> Any:
        """Standard normal numbers, (T, H, W, 3)."""
        return normal_fields(clip, draws)

    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """The frames with noise."""
        scale = 255 * self.constants[severity - 1]
        pairs = zip(clip.frames, drawing, strict=True)
        return np.stack([truncated(frame + scale * noise) for frame, noise in pairs])
