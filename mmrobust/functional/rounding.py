"""Rounding a perturbation to whole grey levels without leaving its budget."""

import math

import torch
from torch import Tensor

# So many that one holds few of the values of a clip, unless they are equal.
BINS = 4096


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
    size = delta.abs().flatten(1)
    whole = size.floor()
    fraction = size - whole
    # Squares of whole numbers, and their sums, are exact in double precision.
    squares = [values.double().square().sum(dim=1) for values in (size, whole)]
    room = (squares[0].clamp(max=eps**2) - squares[1]).clamp(min=0)
    # (w + 1)^2 - w^2; a fraction of zero is rounded up in no case.
    cost = (2 * whole + 1) * (fraction > 0)
    rounded = whole + (fraction > _first_too_dear(fraction, cost, room)[:, None])
    return delta.sign() * rounded.reshape(delta.shape)


def _first_too_dear(fraction: Tensor, cost: Tensor, room: Tensor) -> Tensor:
    """The largest fraction (N,) that, with all that are larger or equal, costs more than the room.

    Zero where all fit. Fractions are counted into bins, and the one bin that crosses the room is
    sorted: costs are whole numbers, so that the sums are exact in any order, and a sort of all
    values would take longer than many a network.
    """
    bins = (fraction * BINS).long()
    costs = room.new_zeros(len(cost), BINS).scatter_add_(1, bins, cost.double())
    # Of a bin and all above it.
    above = costs.flip(1).cumsum(dim=1).flip(1)
    first = torch.zeros_like(fraction[:, 0])
    # None of the zeros costs anything: where the sum over all bins fits, nothing crosses.
    for row in (above[:, 0] > room).nonzero().squeeze(1).tolist():
        crossed = int((above[row] > room[row]).sum()) - 1
        inside = bins[row] == crossed
        ranked, order = fraction[row][inside].sort(descending=True)
        spent = above[row, crossed] - costs[row, crossed]
        dear = spent + cost[row][inside][order].double().cumsum(dim=0) > room[row]
        first[row] = ranked[int(dear.int().argmax())]
    return first


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
