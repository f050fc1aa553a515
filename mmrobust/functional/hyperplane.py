"""The shortest way onto a hyperplane inside a box, in l_1, l_2 and l_inf.

Shapes: N samples, D values of a sample in any layout.
"""

from typing import Literal

import torch
from torch import Tensor

from mmrobust.functional.norms import expand_to

Norm = Literal['l1', 'l2', 'linf']


def way_onto(
    normal: Tensor, gains: Tensor, points: Tensor, bounds: tuple[float, float], norm: Norm
) -> Tensor:
    """The shortest change that gains so much along a normal and does not leave the bounds.

    Where the whole box does not gain that much, the change that gains the most. Exact: in l_2
    and l_inf all values change by the same multiple of the normal or of its signs until they
    meet an end, in l_1 value after value is changed, those of the largest normal first.

    Source: the projections of Croce and Hein 2020, arXiv:1907.02044.

    Args:
        normal: (N, ...); zero where nothing may change.
        gains: (N,), wanted scalar products of change and normal; negative leads back.
        points: (N, ...), from where, inside the bounds.
        bounds: Least and largest value; may be infinite.
        norm: ``l1``, ``l2`` or ``linf``.
    """
    way = normal * expand_to(gains.sign().to(normal), normal)
    low, high = bounds
    room = torch.where(way > 0, high - points, points - low).clamp(min=0)
    slope = way.abs().flatten(1).double()
    room = room.flatten(1).double().where(slope > 0, 0.0)
    wanted = gains.abs().double()
    if norm == 'l1':
        size = _greedily(slope, room, wanted)
    elif norm == 'l2':
        ends = room / slope.where(slope > 0, 1.0)
        size = slope * torch.minimum(_level(slope.square(), ends, wanted), ends)
    else:
        size = torch.minimum(_level(slope, room, wanted), room)
    return way.sign() * size.reshape(way.shape).to(way)


def _level(weights: Tensor, ends: Tensor, wanted: Tensor) -> Tensor:
    """The level (N, 1) at which sums (N, D) of weights times min(level, end) are as wanted.

    The last end where they never are.
    """
    last = ends.where(weights > 0, 0.0).amax(dim=1, keepdim=True)
    level, wanted = torch.zeros_like(last), wanted[:, None]
    # The sum is concave in the level, so that Newton's steps come from below and, as it is
    # piecewise linear, end on the line that holds the level: after a handful of them.
    while True:
        open_ = (weights * (ends > level)).sum(dim=1, keepdim=True)
        sums = (weights * torch.minimum(ends, level)).sum(dim=1, keepdim=True)
        higher = level + (wanted - sums).clamp(min=0) / open_.where(open_ > 0, 1.0)
        higher = torch.minimum(higher, last).where(open_ > 0, level)
        if not (higher > level * (1 + 1e-12)).any():
            return higher
        level = higher


def _greedily(slope: Tensor, room: Tensor, wanted: Tensor) -> Tensor:
    """Sizes (N, D) of changes, those of the largest slopes first, that gain what is wanted."""
    ranked, order = slope.sort(dim=1, descending=True, stable=True)
    most = ranked * room.gather(1, order)
    before = torch.cat([torch.zeros_like(most[:, :1]), most.cumsum(dim=1)[:, :-1]], dim=1)
    gained = torch.minimum((wanted[:, None] - before).clamp(min=0), most)
    sizes = gained / ranked.where(ranked > 0, 1.0)
    return torch.zeros_like(slope).scatter(1, order, sizes)
