"""Rounding a perturbation to whole grey levels without leaving its budget."""

import math

import torch
from torch import Tensor


def round_within_l2(delta: Tensor, eps: float) -> Tensor:
    """The perturbation in whole grey levels, of the same length where possible.

    Rounding to nearest lengthens some perturbations beyond their budget and
    loses others altogether: below half a grey level per value nothing is left
    of a long clip's l_2 budget. Here values are rounded up in the order of their
    fractions, largest first, as long as the length does not exceed that of
    ``delta``, and the others down; equal fractions share one fate, and whole
    values stay as they are.

    Args:
        delta: Perturbation (N, ...) of Euclidean length at most ``eps``, grey levels.
        eps: Budget, grey levels; never exceeded.
    """
    # Squares of whole numbers, and their sums, are exact in double precision.
    size = delta.abs().flatten(1).double()
    whole = size.floor()
    fraction, order = (size - whole).sort(dim=1, descending=True)
    room = size.square().sum(dim=1).clamp(max=eps**2) - whole.square().sum(dim=1)
    # (w + 1)^2 - w^2; a fraction of zero is rounded up in no case.
    cost = (2 * whole + 1).gather(1, order) * (fraction > 0)
    dear = cost.cumsum(dim=1) > room[:, None]
    first = torch.where(dear, fraction, 0.0).amax(dim=1, keepdim=True)
    rounded = whole + (size - whole > first)
    return delta.sign() * rounded.reshape(delta.shape).to(delta.dtype)


def round_within_l1(delta: Tensor, eps: float) -> Tensor:
    """The perturbation in whole grey levels, of the same l_1 norm where possible.

    All values are rounded towards zero, and the levels that are left of the norm go one each to
    the values of the largest fractions, the first of equal ones: a long clip has less than a
    level for each value, and equal values are the rule, as steps are made of signs.

    Args:
        delta: Perturbation (N, ...) of l_1 norm at most ``eps``, grey levels.
        eps: Budget, grey levels; never exceeded.
    """
    size = delta.abs().flatten(1).double()
    whole = size.floor()
    # The factor: a norm is often meant to be a whole number, and lacks its last bits.
    total = (size.sum(dim=1) * (1 + 1e-6)).floor().clamp(max=math.floor(eps))
    room = total - whole.sum(dim=1)
    ranked, order = (size - whole).sort(dim=1, descending=True, stable=True)
    place = torch.arange(1, size.shape[1] + 1, device=size.device)
    up = (place <= room[:, None]) & (ranked > 0)
    rounded = whole.scatter_add(1, order, up.to(whole))
    return delta.sign() * rounded.reshape(delta.shape).to(delta.dtype)


def spacing(clean: Tensor) -> float:
    """What the rounding of sums may add to the length of a change; 0 where values are whole."""
    if not len(clean) or bool((clean == clean.round()).all()):
        return 0.0
    values = float(clean[0].numel()) ** 0.5
    return float(clean.abs().max()) * torch.finfo(clean.dtype).eps * values
