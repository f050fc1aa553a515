"""Gaussian smoothing as the published corruptions have it."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


def smoothed(picture: NDArray[Any], sigma: float) -> NDArray[Any]:
    """A picture (H, W) or (H, W, 3) of grey levels, float32.

    Out to four standard deviations (pixels); the border goes on beyond itself.
    """
    radius = int(4 * sigma + 0.5)
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    border = cv2.BORDER_REPLICATE
    return cv2.sepFilter2D(picture, cv2.CV_32F, kernel, kernel, borderType=border)
