"""Rounding a perturbation to whole grey levels without leaving its budget."""

from collections.abc import Callable

import torch
from torch import Tensor

from mmrobust.functional.norms import expand_to


def round_towards_zero_above(delta: Tensor, threshold: Tensor) -> Tensor:
    """Round |delta| up where its fraction is at least the sample's threshold.

    Args:
        delta: Perturbation (N, ...), any unit.
        threshold: Per sample (N,), in [0.5, 1]: 0.5 rounds to nearest, 1 cuts
            every fraction off.
    """
    size = delta.abs()
    whole = size.floor()
    up = (size - whole >= expand_to(threshold, delta)) & (size > whole)
    return delta.sign() * (whole + up.to(delta.dtype))


def round_within(
    delta: Tensor, norm: Callable[[Tensor], Tensor], eps: float, iterations: int = 12
) -> Tensor:
    """The nearest-rounded perturbation whose norm does not exceed ``eps``.

    Rounding to nearest can lengthen a perturbation beyond its budget; cutting
    all fractions off never does, but wastes budget. A bisection over the
    threshold between the two finds, per sample, the gentlest cut that fits.

    Args:
        delta: Perturbation (N, ...) with ``norm(delta) <= eps``.
        norm: Per-sample norm (N, ...) -> (N,), monotone in every |value|.
        eps: Budget in the unit of ``norm``.
        iterations: Bisection steps.
    """
    low = torch.full_like(norm(delta), 0.5)
    fits = norm(round_towards_zero_above(delta, low)) <= eps
    # A fraction is below 1, so a threshold of 1 rounds nothing up.
    high = torch.where(fits, low, torch.ones_like(low))
    for _ in range(iterations):
        middle = (low + high) / 2
        inside = norm(round_towards_zero_above(delta, middle)) <= eps
        high = torch.where(inside, middle, high)
        low = torch.where(inside, low, middle)
    return round_towards_zero_above(delta, high)
