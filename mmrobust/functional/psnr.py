"""Peak signal-to-noise ratio of pictures and videos."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def psnr(clean: Tensor, changed: Tensor, peak: float = 255.0) -> float | None:
    """10 log10(peak^2 / mean square error), in decibels, over all values together.

    A video is one signal: the error is averaged over its frames before the logarithm, so that a
    change of one frame in T is 10 log10(T) better than the same change of all.

    Args:
        clean: Of any shape.
        changed: Of the same shape.
        peak: Largest value that there can be.

    Returns:
        None where nothing differs: the ratio is infinite.
    """
    error = float((changed.to(torch.float64) - clean).square().mean())
    return 10 * math.log10(peak**2 / error) if error > 0 else None
