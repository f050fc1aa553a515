"""Defocus blur of ImageNet-C (Hendrycks and Dietterich 2019, arXiv:1903.12261)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.base import Corruption, truncated
from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class DefocusBlur(Corruption):
    """A disc in the place of every point, as a lens out of focus has it.

    ``constants`` are the disc's radius and how much its edge is smoothed, in pixels. The smoothing
    mirrors what touches the kernel's border, so that pictures come out 1.3 and 1.1 % brighter at
    severities 4 and 5; so do the published ones.
    """

    group: ClassVar[str] = 'blur'
    constants: ClassVar[tuple[tuple[int, float], ...]] = (
        (3, 0.1),
        (4, 0.5),
        (6, 0.5),
        (8, 0.5),
        (10, 0.5),
    )

    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """The frames out of focus."""
        kernel = disc(*self.constants[severity - 1])
        blurred = (cv2.filter2D(frame, cv2.CV_32F, kernel) for frame in clip.frames)
        return np.stack([truncated(frame) for frame in blurred])


def disc(radius: int, edge: float) -> NDArray[Any]:
    """The kernel, of sum 1 to 1.013: (17, 17) up to radius 8, then (2 radius + 1, 2 radius + 1)."""
    reach, size = (8, 3) if radius <= 8 else (radius, 5)
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    inside = (rows**2 + columns**2 <= radius**2).astype(np.float32)
    return cv2.GaussianBlur(inside / inside.sum(), (size, size), edge)
