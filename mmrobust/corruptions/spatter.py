"""Spatter of ImageNet-C (Hendrycks and Dietterich 2019, arXiv:1903.12261)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from mmrobust.corruptions.base import truncated
from mmrobust.corruptions.clip import Frames
from mmrobust.corruptions.coherent import CoherentCorruption
from mmrobust.registry import CORRUPTIONS

WATER = np.array([175, 238, 238], np.float32)
MUD = np.array([63, 42, 20], np.float32)
# Of the edges of drops: thresholds of the edge detector, and how far an edge is felt, in pixels.
EDGES, FELT = (50, 150), 20
EMBOSS = np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]])
# A mud drop covers what its smoothed outline covers by more than this.
COVERED = 0.8


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Spatter(CoherentCorruption):
    """Drops on the lens: water at severities 1 to 3, mud at 4 and 5.

    ``constants``: mean, standard deviation and smoothing (pixels) of the noise of which drops are
    made, the value below which there is no drop, the strength of water or the smoothing of mud
    (pixels), and whether it is mud.
    """

    group: ClassVar[str] = 'weather'
    constants: ClassVar[tuple[tuple[float, float, float, float, float, bool], ...]] = (
        (0.65, 0.3, 4, 0.69, 0.6, False),
        (0.65, 0.3, 3, 0.68, 0.6, False),
        (0.65, 0.3, 2, 0.68, 0.5, False),
        (0.65, 0.3, 1, 0.65, 1.5, True),
        (0.67, 0.4, 1, 0.65, 1.5, True),
    )

    def draw_one(self, stream: np.random.Generator, size: tuple[int, int]) -> Any:
        """Standard normal numbers, (H, W)."""
        return stream.standard_normal(size)

    def apply_one(self, frames: Frames, one: Any, severity: int) -> Frames:
        """The frames behind one set of drops."""
        mean, deviation, sigma, least, strength, mud = self.constants[severity - 1]
        liquid = gaussian_filter(mean + deviation * one, sigma, mode='nearest')
        if not mud:
            water = strength * glints(liquid * (liquid >= least)) * WATER
            return np.stack([truncated(frame + water) for frame in frames])
        cover = gaussian_filter((liquid > least).astype(np.float32), strength, mode='nearest')
        cover = (cover * (cover >= COVERED))[..., None]
        return np.stack([truncated(frame * (1 - cover) + cover * MUD) for frame in frames])


def glints(drops: NDArray[Any]) -> NDArray[Any]:
    """How strongly water is seen, (H, W, 1), 0..1; ``drops`` is 0 where there is none."""
    grey = (drops * 255).astype(np.uint8)
    far = cv2.distanceTransform(255 - cv2.Canny(grey, *EDGES), cv2.DIST_L2, 5)
    near = cv2.blur(np.minimum(far, FELT), (3, 3)).astype(np.uint8)
    relief = cv2.filter2D(cv2.equalizeHist(near), cv2.CV_8U, EMBOSS)
    seen = grey * cv2.blur(relief, (3, 3)).astype(np.float32)
    # None at all in some small pictures.
    return (seen / max(seen.max(), 1))[..., None]
