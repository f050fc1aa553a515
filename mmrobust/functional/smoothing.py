"""Weighted sums over neighbours along an axis."""

import torch
from torch import Tensor

from mmrobust.functional.checks import require


def gaussian_kernel(size: int, nsigma: float) -> Tensor:
    """``size`` weights of a Gaussian cut at ``nsigma`` standard deviations; their sum is 1."""
    weights = torch.exp(-torch.linspace(-nsigma, nsigma, size, dtype=torch.float64).square() / 2)
    return weights / weights.sum()


def smoothed(x: Tensor, kernel: Tensor, axis: int) -> Tensor:
    """Correlation of ``x`` with a kernel of odd length along an axis; zeros lie outside.

    Sums of shifted copies: a sample's result depends on no other, to the last bit.
    """
    require(len(kernel) % 2 == 1, 'kernel', 'of odd length', len(kernel))
    half, length = len(kernel) // 2, x.shape[axis]
    found = torch.zeros_like(x)
    for offset, weight in zip(range(-half, half + 1), kernel.tolist(), strict=True):
        kept = length - abs(offset)
        if kept > 0:
            here, there = max(0, -offset), max(0, offset)
            found.narrow(axis, here, kept).add_(x.narrow(axis, there, kept), alpha=weight)
    return found
