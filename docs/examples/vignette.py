"""A vignette: the picture darkens towards its corners, as behind a cheap lens."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mmrobust.corruptions import Clip, Corruption
from mmrobust.corruptions.base import truncated
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Vignette(Corruption):
    """The share of light that is lost in the corners is the constant of a severity."""

    group: ClassVar[str] = 'lens'
    constants: ClassVar[tuple[float, ...]] = (0.2, 0.35, 0.5, 0.65, 0.8)

    def apply(self, clip: Clip, drawing: None, severity: int) -> np.ndarray:
        """Darker frames (T, H, W, 3)."""
        rows, columns = (np.linspace(-1, 1, size) for size in clip.size)
        distance = (rows[:, None] ** 2 + columns**2) / 2
        light = 1 - self.constants[severity - 1] * distance
        return truncated(clip.frames * light[..., None])
