"""Rounding a perturbation to whole grey levels without leaving its budget."""

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


def spacing(clean: Tensor) -> float:
    """What the rounding of sums may add to the length of a change; 0 where values are whole."""
    if not len(clean) or bool((clean == clean.round()).all()):
        return 0.0
    values = float(clean[0].numel()) ** 0.5
    return float(clean.abs().max()) * torch.finfo(clean.dtype).eps * values
