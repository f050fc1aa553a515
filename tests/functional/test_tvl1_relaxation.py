"""The iterations of TV-L1 flow against the same by convolutions and autograd."""

import torch
import torch.nn.functional as F

from mmrobust.functional.tvl1_iteration import DataTerm, Weights, add_divergence_, slopes_of
from mmrobust.functional.tvl1_relaxation import Schedule, relax


def test_divergence_is_minus_the_adjoint_of_the_slopes():
    flow, dual = torch.randn(2, 2, 5, 7).double(), torch.randn(2, 2, 2, 5, 7).double()
    dual[0][..., -1], dual[1][..., -1, :] = 0, 0
    divergence = add_divergence_(torch.zeros_like(flow), dual, 1.0)
    torch.testing.assert_close((divergence * flow).sum(), -(dual * slopes_of(flow)).sum())


def plain_relax(flow, dual, data, weights, iterations):
    """The same iterations by other means: convolutions, autograd, no early stop."""
    across, down = (torch.tensor(k).double() for k in ([[-1.0, 1.0]], [[-1.0], [1.0]]))
    for _ in range(iterations):
        rho = data.offset + (data.slope * flow).sum(1, keepdim=True)
        flow = flow - data.gradient * rho.clamp(-weights.reach, weights.reach)
        p, q = (F.pad(part.flatten(0, 1)[:, None], (1, 0, 1, 0)) for part in dual)
        divergence = F.conv2d(p[..., 1:, :], across[None, None])
        divergence = divergence + F.conv2d(q[..., 1:], down[None, None])
        flow = flow + weights.theta * divergence.reshape(flow.shape)
        u = flow.flatten(0, 1)[:, None]
        u = F.pad(u, (0, 1, 0, 1), mode='replicate')
        x = F.conv2d(u[..., :-1, :], across[None, None])
        y = F.conv2d(u[..., :-1], down[None, None])
        slopes = torch.stack([x.reshape(flow.shape), y.reshape(flow.shape)])
        length = (slopes.square().sum(0) + 1e-40).sqrt()
        dual = (dual + weights.rate * slopes) / (1 + weights.rate * length)
    return flow, dual


def problem(count=2):
    torch.manual_seed(0)
    gradient = torch.randn(count, 2, 6, 9).double()
    inverse = 1 / gradient.square().sum(1, keepdim=True)
    offset = torch.randn(count, 1, 6, 9).double() / 20 * inverse
    flow, dual = torch.randn(count, 2, 6, 9).double(), torch.randn(2, count, 2, 6, 9).double() / 9
    dual[0][..., -1], dual[1][..., -1, :] = 0, 0
    leaves = [x.requires_grad_() for x in (flow, dual, offset, gradient * inverse, gradient)]
    return leaves, Weights(0.045, 0.3, 0.8)


def test_iterations_and_their_adjoint_are_those_of_autograd():
    leaves, weights = problem()
    flow, dual, *data = leaves
    found = relax(flow, dual, DataTerm(*data), weights, Schedule(4, 3, 0.0, 1))
    expected = plain_relax(flow, dual, DataTerm(*data), weights, 12)
    bars = [torch.randn_like(x) for x in found]
    bars[1][0][..., -1], bars[1][1][..., -1, :] = 0, 0
    ends = [torch.autograd.grad(outputs, leaves, bars) for outputs in (found, expected)]
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)
    for i, (one, other) in enumerate(zip(*ends, strict=True)):
        if i == 1:  # what lies beyond the last column and row stands for nothing
            one, other = (slice_of(x) for x in (one, other))
        torch.testing.assert_close(one, other)


def slice_of(dual):
    return torch.cat([dual[0][..., :-1].flatten(), dual[1][..., :-1, :].flatten()])


def test_a_pair_stops_after_the_iteration_that_changes_little():
    leaves, weights = problem(count=3)
    flow, dual, *data = (x.detach() for x in leaves)
    data, limit = DataTerm(*data), 0.08
    flow, dual = plain_relax(flow, dual, data, weights, 3)
    found = relax(flow, dual, data, weights, Schedule(6, 9, limit, 1))[0]
    lengths = []
    for row in range(3):
        states = [flow[row]]
        while len(states) < 2 or (states[-1] - states[-2]).square().sum(0).mean() > limit**2:
            states.append(plain_relax(flow, dual, data, weights, len(states))[0][row])
        torch.testing.assert_close(found[row], states[-1])
        lengths.append(len(states) - 1)
    assert sorted(lengths) == [16, 17, 18]  # in the third round, each at its own time
