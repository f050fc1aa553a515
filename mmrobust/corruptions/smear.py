"""Smearing along a line: what an object leaves while the shutter is open."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


def line(radius: int, sigma: float, angle: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Where to, and how much of it: steps (n, 2), x and y in pixels, and weights (n,) of sum 1.

    Args:
        radius: Half the length in pixels; n = 2 radius + 1.
        sigma: Pixels after which the weight, that of a normal density, has fallen to 61 %.
        angle: Degrees; 0 smears to the left, 90 upwards.
    """
    along = np.arange(2 * radius + 1)
    turned = np.deg2rad(angle)
    steps = -np.ceil(along[:, None] * [np.cos(turned), np.sin(turned)] - 0.5).astype(int)
    weights = np.exp(-0.5 * (along / sigma) ** 2)
    return steps, weights / weights.sum()


def smeared(picture: NDArray[Any], steps: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
    """A picture (H, W) or (H, W, 3), float32; its border goes on beyond itself."""
    rows, columns = picture.shape[:2]
    reach = int(abs(steps).max())
    around = reach, reach, reach, reach
    wide = cv2.copyMakeBorder(picture.astype(np.float32), *around, cv2.BORDER_REPLICATE)
    total: NDArray[Any] = np.zeros(picture.shape, np.float32)
    for (x, y), weight in zip((reach - steps).tolist(), weights.tolist(), strict=True):
        total = cv2.scaleAdd(wide[y : y + rows, x : x + columns], weight, total)
    return total
