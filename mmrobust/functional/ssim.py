"""Structural similarity (Wang, Bovik, Sheikh and Simoncelli 2004, IEEE TIP 13(4), 600-612).

Shapes: H rows, W columns, C channels, T frames.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

# Official setting: a Gaussian window of 11 x 11 and standard deviation 1.5, and constants of
# (0.01 L)^2 and (0.03 L)^2 for values of range L.
WINDOW, SIGMA = 11, 1.5
K1, K2 = 0.01, 0.03
# Of more frames that differ, so many stand for all: each takes some hundredths of a second.
FRAMES = 32
Plane = NDArray[np.float64]


def ssim(clean: Tensor, changed: Tensor, peak: float = 255.0) -> float | None:
    """Mean structural similarity of pictures or videos; 1 for equal ones, -1..1.

    Official setting, at all places where the window lies inside the picture. Deviations: pictures
    are taken at their own size, not reduced; each colour channel is compared by itself, and each
    frame, and the mean is over all of them (the official code has one grey picture). A frame in
    which nothing differs counts 1; of more than 32 others, 32 evenly spaced ones stand for all.

    Args:
        clean: (C, H, W) or (C, T, H, W).
        changed: Of the same shape.
        peak: The values' range L.

    Returns:
        None for pictures in which no window has room.
    """
    if min(clean.shape[-2:]) < WINDOW:
        return None
    first, second = (_frames(value) for value in (clean, changed))
    differ = np.flatnonzero((first != second).any(axis=(1, 2, 3)))
    if not len(differ):
        return 1.0
    looked_at = differ[
        np.linspace(0, len(differ) - 1, min(len(differ), FRAMES)).round().astype(int)
    ]
    mean = np.mean([_similarity(first[t], second[t], peak) for t in looked_at])
    return float(1 - len(differ) / len(first) * (1 - mean))


def _frames(pixels: Tensor) -> Plane:
    """(T, H, W, C) of (C, T, H, W), or of a picture (C, H, W) as its only frame."""
    video = pixels[:, None] if pixels.dim() == 3 else pixels
    found: Plane = video.detach().cpu().permute(1, 2, 3, 0).numpy()
    return found


def _similarity(first: Plane, second: Plane, peak: float) -> float:
    """The mean over places and channels of one frame (H, W, C)."""
    a, b = first.astype(np.float64), second.astype(np.float64)
    mean_a, mean_b = _blurred(a), _blurred(b)
    variance_a, variance_b = _blurred(a * a) - mean_a**2, _blurred(b * b) - mean_b**2
    covariance = _blurred(a * b) - mean_a * mean_b
    c1, c2 = (K1 * peak) ** 2, (K2 * peak) ** 2
    luminance = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    structure = (2 * covariance + c2) / (variance_a + variance_b + c2)
    return float((luminance * structure).mean())


def _blurred(plane: Plane) -> Plane:
    """Means under the window (H - 10, W - 10, C), where it lies inside."""
    edge = WINDOW // 2
    found: Any = cv2.GaussianBlur(plane, (WINDOW, WINDOW), SIGMA)
    cut: Plane = found[edge:-edge, edge:-edge]
    return cut
