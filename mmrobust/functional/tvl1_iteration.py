"""One primal-dual iteration of TV-L1 flow, and its adjoint by hand.

Iterations are many and small, so that what autograd adds to each of them costs
several times the arithmetic; the adjoint is written out instead.

Shapes: M pairs, H, W pixels. Flow is (M, 2, H, W), horizontal and vertical. A
field of slopes, and the dual variable p that belongs to it, is
(2, M, 2, H, W): the slope along a row, then along a column; the last column of
the first and the last row of the second are 0.
"""

from typing import NamedTuple

import torch
from torch import Tensor

# A change of the flow per pixel that counts as none: where it is 0, so is the
# gradient of its length.
_FLAT = 1e-12


class Weights(NamedTuple):
    """Constants of an iteration: lambda theta, theta, and tau / theta."""

    reach: float
    theta: float
    rate: float


class DataTerm(NamedTuple):
    """The brightness difference rho, linear in the flow u: gradient . u + constant.

    Attributes:
        offset: (M, 1, H, W), the constant over the gradient's square.
        slope: (M, 2, H, W), the gradient over its square.
        gradient: (M, 2, H, W), of the warped second frame.
    """

    offset: Tensor
    slope: Tensor
    gradient: Tensor


class Iteration(NamedTuple):
    """What one iteration computed.

    Attributes:
        pull: (M, 1, H, W), the way against the gradient in the data step.
        flow: The flow after it.
        slopes: Forward differences of that flow.
        steepness: (M, 2, H, W), their length.
        norm: (M, 2, H, W), 1 + rate * steepness.
        dual: The dual variable after it.
    """

    pull: Tensor
    flow: Tensor
    slopes: Tensor
    steepness: Tensor
    norm: Tensor
    dual: Tensor


def slopes_of(flow: Tensor) -> Tensor:
    """Forward differences of (M, 2, H, W), 0 at the last column and row."""
    found = flow.new_zeros((2, *flow.shape))
    torch.sub(flow[..., 1:], flow[..., :-1], out=found[0][..., :-1])
    torch.sub(flow[..., 1:, :], flow[..., :-1, :], out=found[1][..., :-1, :])
    return found


def add_divergence_(flow: Tensor, dual: Tensor, weight: float) -> Tensor:
    """Add ``weight * div dual`` to ``flow``: minus the adjoint of ``slopes_of``."""
    flow.add_(dual[0], alpha=weight).add_(dual[1], alpha=weight)
    flow[..., 1:].sub_(dual[0][..., :-1], alpha=weight)
    flow[..., 1:, :].sub_(dual[1][..., :-1, :], alpha=weight)
    return flow


def iterate(flow: Tensor, dual: Tensor, data: DataTerm, weights: Weights) -> Iteration:
    """The next flow and dual variable.

    The data term pulls the flow to the thresholded solution of its own, the
    divergence of the dual variable smooths it, and the slopes of the result
    move the dual variable (Zach, Pock and Bischof 2007).
    """
    horizontal, vertical = data.slope[:, :1], data.slope[:, 1:]
    pull = torch.addcmul(data.offset, horizontal, flow[:, :1])
    pull.addcmul_(vertical, flow[:, 1:]).clamp_(-weights.reach, weights.reach)
    after = torch.addcmul(flow, pull, data.gradient, value=-1)
    add_divergence_(after, dual, weights.theta)
    slopes = slopes_of(after)
    steepness = (slopes[0] * slopes[0]).addcmul_(slopes[1], slopes[1]).sqrt_()
    norm = (steepness * weights.rate).add_(1)
    return Iteration(
        pull, after, slopes, steepness, norm, dual.add(slopes, alpha=weights.rate).div_(norm)
    )


class Cotangents(NamedTuple):
    """Derivatives of the objective by the flow, the dual variable and the data term.

    Those by the data term are sums over the iterations and change in place.
    """

    flow: Tensor
    dual: Tensor
    data: DataTerm


def adjoint(
    before: Tensor, done: Iteration, bars: Cotangents, data: DataTerm, weights: Weights
) -> Cotangents:
    """Cotangents ahead of an iteration from those behind it.

    Args:
        before: Flow (M, 2, H, W) ahead of the iteration.
        done: The iteration.
        bars: Cotangents behind it; that of the flow is overwritten, that of the
            dual variable is 0 where the latter is.
        data: Its data term.
        weights: Its constants.
    """
    ahead = bars.dual / done.norm
    turn = (ahead[0] * done.dual[0]).addcmul_(ahead[1], done.dual[1])
    turn.div_(done.steepness.clamp(min=_FLAT))
    slopes = torch.addcmul(ahead, turn, done.slopes, value=-1)
    flow = add_divergence_(bars.flow, slopes, -weights.rate)
    ahead.sub_(slopes_of(flow), alpha=weights.theta)
    bars.data.gradient.addcmul_(done.pull, flow, value=-1)
    towards = data.gradient * flow
    pull = towards[:, :1].add_(towards[:, 1:]).mul_(done.pull.abs() < weights.reach).neg_()
    bars.data.offset.add_(pull)
    bars.data.slope.addcmul_(pull, before)
    return Cotangents(torch.addcmul(flow, data.slope, pull), ahead, bars.data)
