"""Rounding a perturbation to whole grey levels without leaving its budget."""

from collections.abc import Callable

import torch
from torch import Tensor

from mmrobust.functional.norms import expand_to


def round_towards_zero_above(delta: Tensor, threshold: Tensor) -> Tensor:
    """Round |delta| up where its fraction is at least the sample's threshold.

    Args:
        delta: Perturbation (N, ...), any unit.
        threshold: Per sample (N,), in [0, 1]: 0.5 rounds to nearest, 1 cuts
            every fraction off.
    """
    size = delta.abs()
    whole = size.floor()
    up = (size - whole >= expand_to(threshold, delta)) & (size > whole)
    return delta.sign() * (whole + up.to(delta.dtype))


def round_within(
    delta: Tensor, norm: Callable[[Tensor], Tensor], eps: float, iterations: int = 16
) -> Tensor:
    """The perturbation in whole grey levels, of the same length where possible.

    Rounding to nearest lengthens some perturbations beyond their budget and
    loses others altogether: below half a grey level per value nothing is left
    of a long clip's l_2 budget. A bisection finds, per sample, the smallest
    threshold for rounding up at which the length does not exceed that of
    ``delta``; whole values stay as they are.

    Args:
        delta: Perturbation (N, ...) with ``norm(delta) <= eps``.
        norm: Per-sample norm (N, ...) -> (N,), monotone in every |value|.
        eps: Budget in the unit of ``norm``; never exceeded.
        iterations: Bisection steps.
    """
    length = norm(delta).clamp(max=eps)
    low = torch.zeros_like(length)
    # A fraction is below 1, so a threshold of 1 rounds nothing up.
    high = torch.ones_like(length)
    for _ in range(iterations):
        middle = (low + high) / 2
        inside = norm(round_towards_zero_above(delta, middle)) <= length
        high = torch.where(inside, middle, high)
        low = torch.where(inside, low, middle)
    return round_towards_zero_above(delta, high)
