"""The estimator's interface, the memo of pairs, and the stand-in gradient."""

import pytest
import torch
from torch.utils.checkpoint import checkpoint

from mmrobust.flow import memo as memo_module
from mmrobust.flow.estimator import FlowEstimator
from tests.freed import Graphs


class Smooth(FlowEstimator):
    """A differentiable toy: products of both frames, pair by pair."""

    differentiable = True
    calls = 0

    def estimate(self, first, second):
        self.calls += len(first)
        mean = first.mean(dim=(1, 2, 3), keepdim=True)
        x = (first - mean) * second.sin()
        return torch.stack([x[:, 0] * x[:, 1], x[:, 2] + second[:, 0] ** 2 / 255], dim=1)


class Rounded(FlowEstimator):
    """The same toy without a gradient."""

    differentiable = False

    def estimate(self, first, second):
        assert not first.requires_grad
        return Smooth().estimate(first, second).round()


def clips(n=2, t=4, h=5, w=7):
    torch.manual_seed(0)
    return torch.randint(0, 256, (n, t, 3, h, w)).double()


def value_and_gradient(estimator, frames):
    leaf = frames.clone().requires_grad_()
    flow = estimator(leaf)
    weight = torch.linspace(-1, 1, flow.numel(), dtype=flow.dtype).reshape(flow.shape)
    (gradient,) = torch.autograd.grad((flow * weight).sin().sum(), leaf)
    return flow.detach(), gradient


def test_pairs_are_neighbours():
    frames, estimator = clips(), Smooth()
    flow = estimator(frames)
    assert flow.shape == (2, 3, 2, 5, 7)
    alone = estimator.estimate(frames[1, 2:3], frames[1, 3:4])
    assert torch.equal(flow[1, 2], alone[0])


@pytest.mark.parametrize('shape', [(2, 1, 3, 5, 7), (2, 4, 1, 5, 7), (4, 3, 5, 7)])
def test_frames_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match='frames'):
        Smooth()(torch.zeros(shape))


def test_no_gradient_is_refused_by_name():
    with pytest.raises(ValueError, match='Rounded has no gradient.*backward'):
        Rounded()(clips().requires_grad_())
    with torch.no_grad():
        assert Rounded()(clips().requires_grad_()).shape == (2, 3, 2, 5, 7)


def test_stand_in_changes_the_gradient_and_not_the_flow():
    flow, gradient = value_and_gradient(Rounded(backward=Smooth()), clips())
    assert torch.equal(flow, Rounded()(clips()))
    leaf = clips().requires_grad_()
    weight = torch.linspace(-1, 1, flow.numel(), dtype=flow.dtype).reshape(flow.shape)
    outer = (flow * weight).cos() * weight
    (expected,) = torch.autograd.grad(Smooth()(leaf), leaf, outer)
    torch.testing.assert_close(gradient, expected)


def test_stand_in_must_have_a_gradient():
    with pytest.raises(ValueError, match='backward'):
        Rounded(backward=Rounded())
    with pytest.raises(ValueError, match='backward'):
        Smooth(backward=Smooth())


@pytest.mark.parametrize('estimator', [Smooth(), Rounded(backward=Smooth())])
def test_incremental_equals_full(estimator):
    frames = clips()
    with estimator.incremental() as memo:
        for _ in range(4):
            found = value_and_gradient(estimator, frames)
            with torch.no_grad():
                flow = estimator(frames)
            estimator._memo, kept = None, estimator._memo
            expected = value_and_gradient(estimator, frames)
            estimator._memo = kept
            torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
            assert torch.equal(flow, expected[0])
            frames = frames.clone()
            frames[0, 1] += 1
        # Two clips of three pairs, then twice two pairs of one frame.
        assert memo.computed == 6 + 3 * 2
    assert estimator._memo is None


def test_only_touched_pairs_are_computed_for_a_candidate():
    frames, estimator = clips(n=3, t=11), Smooth()
    with torch.no_grad(), estimator.incremental():
        estimator(frames)
        assert estimator.calls == 30
        frames[0, 5] += 1  # inside: two pairs
        frames[2, 0] += 1  # at the end: one
        estimator(frames)
        assert estimator.calls == 33
        estimator(frames[[2, 0]])  # a selection, in another order
        assert estimator.calls == 33


@pytest.mark.parametrize('pixels', [1, 3 * 5 * 7, 10**6])
def test_graphs_of_any_size_give_the_same_gradient(pixels, monkeypatch):
    monkeypatch.setattr(memo_module, 'PIXELS_PER_GRAPH', pixels)
    frames = clips()
    frames[1, 2:] = frames[0, 2:]  # the same pair twice
    expected = value_and_gradient(Smooth(), frames)[1]
    estimator = Smooth()
    with estimator.incremental() as memo:
        value_and_gradient(estimator, clips(n=3))
        assert memo.computed == 9
        torch.testing.assert_close(value_and_gradient(estimator, frames)[1], expected)


def test_incremental_inside_an_activation_checkpoint():
    frames, estimator = clips(), Smooth()
    expected = value_and_gradient(estimator, frames)[1]
    with estimator.incremental():
        for _ in range(2):
            leaf = frames.clone().requires_grad_()
            halves = [checkpoint(estimator, leaf[i : i + 1], use_reentrant=False) for i in (0, 1)]
            flow = torch.cat(halves)
            weight = torch.linspace(-1, 1, flow.numel(), dtype=flow.dtype).reshape(flow.shape)
            (gradient,) = torch.autograd.grad((flow * weight).sin().sum(), leaf)
            torch.testing.assert_close(gradient, expected, rtol=0, atol=1e-12)


class Plain(FlowEstimator):
    """Signed fractions, in float32, whatever the frames are."""

    differentiable = False

    def estimate(self, first, second):
        return ((second - first).float() / 7)[:, :2]


@pytest.mark.parametrize('dtype', [torch.uint8, torch.int64, torch.float16, torch.float64])
def test_the_type_of_the_frames_does_not_wrap_or_round_the_flow(dtype):
    frames = clips()
    found = Plain()(frames.to(dtype))
    assert found.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    torch.testing.assert_close(found.double(), Plain()(frames), rtol=1e-6, atol=1e-6)
    assert (found < 0).any()


def test_frames_of_two_sizes_are_refused():
    one, other = torch.zeros(1, 2, 3, 8, 8), torch.zeros(1, 2, 3, 9, 8)
    with pytest.raises(ValueError, match=r'second must be frames of one shape, \(1, 2, 3, 8, 8\)'):
        Plain().pairs(one, other)


@pytest.mark.parametrize('estimator', [Smooth(), Plain()], ids=['differentiable', 'plain'])
def test_the_memo_forgets_the_oldest_flow_beyond_its_limit(estimator):
    first, second = clips(1, 9)[0, :-1], clips(1, 9)[0, 1:]
    expected = estimator.estimate(first, second)
    # Room for four pairs of the wider type.
    memo = memo_module.PairMemo(estimator._pairs, limit=4 * expected[0].numel() * 8)
    for row in [*range(8), *range(8)]:
        some = slice(row, row + 1)
        assert torch.equal(memo(first[some], second[some]), expected[some].to(first))
    assert 0 < sum(flow.nbytes for flow in memo._flows.values()) <= memo.limit
    # What is kept must not keep alive what is not.
    assert all(flow.untyped_storage().nbytes() == flow.nbytes for flow in memo._flows.values())
    # One call may need more than the limit.
    assert torch.equal(memo(first, second), expected.to(first))


def test_gradients_pass_a_memo_that_has_forgotten_the_flow():
    memo = memo_module.PairMemo(Smooth()._pairs, limit=1)
    frames = clips(1, 5)
    expected = value_and_gradient(Smooth(), frames)
    for _ in range(2):
        found = value_and_gradient(lambda f: memo(f[0, :-1], f[0, 1:])[None], frames)
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one, other)


def test_graphs_of_the_memo_are_freed():
    graphs, smooth = Graphs(), Smooth()._pairs
    memos = [memo_module.PairMemo(lambda one, other: smooth(graphs.watched(one), other))]
    value_and_gradient(lambda f: memos[0](f[0, :-1], f[0, 1:])[None], clips(1, 5))
    assert graphs.alive() > 0
    memos.clear()
    assert graphs.alive() == 0
