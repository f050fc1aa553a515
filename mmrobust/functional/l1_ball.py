"""Steps along and projections onto the l_1 ball, where few values carry all that counts.

Shapes: N samples, D values of a sample in any layout.
"""

import torch
from torch import Tensor

from mmrobust.functional.norms import expand_to


def top_signs(gradient: Tensor, counts: Tensor) -> Tensor:
    """Signs at the values of largest magnitude, scaled to an l_1 norm of 1.

    Among the steps of l_1 norm 1 that change no value by more than 1 / count it is the one
    along which a linear loss grows fastest. Equal values at the end of the count share what is
    left; where fewer are other than zero, these have it all, and zero stays zero.

    Args:
        gradient: (N, ...).
        counts: (N,), how many values, >= 1.
    """
    size = gradient.abs().flatten(1)
    some = (size > 0).sum(dim=1)
    counts = torch.minimum(counts.to(some), some)
    ranked = size.sort(dim=1, descending=True).values
    last = ranked.gather(1, (counts - 1).clamp(min=0)[:, None])
    above, ties = size > last, (size == last) & (size > 0)
    left = counts - above.sum(dim=1)
    part = left.double() / ties.sum(dim=1).clamp(min=1)
    weight = above.double() + ties.double() * part[:, None]
    weight = weight / counts.clamp(min=1)[:, None]
    return gradient.sign() * weight.to(gradient).reshape(gradient.shape)


def steepest_few(
    gradient: Tensor, pixels: Tensor, bounds: tuple[float, float], lengths: Tensor, counts: Tensor
) -> Tensor:
    """The steepest step of l_1 norm 1 that at its length changes so many values, or more.

    None is changed by more than length / count, and none leaves the range: what a value cannot
    take goes on to the next.

    Args:
        gradient: (N, ...).
        pixels: (N, ...), where the samples stand.
        bounds: Least and largest value.
        lengths: (N,), what the step will be multiplied by.
        counts: (N,), how many values, >= 1.
    """
    low, high = bounds
    # Without budget a step has no length, and its direction does not matter.
    lengths = lengths.where(lengths > 0, 1.0)
    room = torch.where(gradient > 0, high - pixels, pixels - low).clamp(min=0)
    most = expand_to(lengths / counts, gradient)
    return filled(gradient, torch.minimum(room, most), lengths) / expand_to(lengths, gradient)


def filled(gradient: Tensor, room: Tensor, lengths: Tensor) -> Tensor:
    """The change of given l_1 norm along which a linear loss grows fastest, within the room.

    Value after value is changed as far as it may, in the order of their gradients; where all
    have been, and where the gradient is zero, the rest of the length is left.

    Args:
        gradient: (N, ...).
        room: (N, ...), how far each value may go, >= 0.
        lengths: (N,), >= 0.
    """
    size = gradient.abs().flatten(1)
    order = size.sort(dim=1, descending=True, stable=True).indices
    most = room.flatten(1).where(size > 0, 0.0).gather(1, order).double()
    before = most.cumsum(dim=1) - most
    left = (lengths[:, None].double() - before).clamp(min=0)
    # What the last bits of a sum leave is no change.
    left = left.where(left > 1e-9 * lengths[:, None], 0.0)
    taken = torch.minimum(left, most)
    found = torch.zeros_like(size).scatter(1, order, taken.to(size))
    return gradient.sign() * found.reshape(gradient.shape)


def shrunk_to_l1(delta: Tensor, eps: float, room: Tensor | None = None) -> Tensor:
    """The nearest change of l_1 norm at most ``eps`` that leaves no value more than its room.

    Every value is shortened by the same amount, none beyond zero, and cut at its room; the
    amount is the least that fits. Exact: the norm is piecewise linear in it, and its bends are
    sorted.

    Source: the projection onto ball and box of Croce and Hein 2021, arXiv:2103.01208, here
    with the sum over sorted bends in the place of a bisection.

    Args:
        delta: Changes (N, ...).
        eps: Budget, >= 0.
        room: (N, ...), how far each value may go in the direction of its change, >= 0; None:
            any distance.
    """
    size = delta.abs().flatten(1).double()
    far = torch.full_like(size, torch.inf) if room is None else room.flatten(1).double()
    # From the largest amount down: below ``size`` a value counts, below ``size - room`` no more.
    bends = torch.cat([size, (size - far).clamp(min=0)], dim=1)
    weights = torch.cat([torch.ones_like(size), -torch.ones_like(size)], dim=1)
    bends, order = bends.sort(dim=1, descending=True)
    slopes = weights.gather(1, order).cumsum(dim=1)
    gained = (slopes[:, :-1] * (bends[:, :-1] - bends[:, 1:])).cumsum(dim=1)
    norms = torch.cat([torch.zeros_like(bends[:, :1]), gained], dim=1)
    # The first bend at which the norm reaches eps, and the stretch of amounts that ends there.
    reached = (norms < eps).sum(dim=1).clamp(max=bends.shape[1] - 1)[:, None]
    before = (reached - 1).clamp(min=0)
    slope = slopes.gather(1, before).clamp(min=1)
    amount = bends.gather(1, before) - (eps - norms.gather(1, before)) / slope
    amount = amount.maximum(bends.gather(1, reached))
    inside = torch.minimum(size, far).sum(dim=1, keepdim=True) <= eps
    amount = amount.where(~inside, 0.0)
    kept = torch.minimum((size - amount).clamp(min=0), far)
    return delta.sign() * kept.reshape(delta.shape).to(delta.dtype)


def laplace(uniform: Tensor) -> Tensor:
    """Uniform numbers in [0, 1) as Laplace numbers, whose direction is uniform in l_1."""
    signed = 2 * uniform - 1
    return -signed.sign() * torch.log1p(-signed.abs().clamp(max=1 - 1e-7))
