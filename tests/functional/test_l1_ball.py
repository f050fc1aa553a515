"""Projections onto the l_1 ball against bisection, steps against all others."""

import numpy as np
import pytest
import torch

from mmrobust.functional.l1_ball import laplace, shrunk_to_l1, top_signs


def _normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).double()


def _by_bisection(delta, eps, room):
    """One sample: the amount by which every value is shortened, found by halving."""

    def kept(amount):
        return np.minimum(np.maximum(np.abs(delta) - amount, 0), room)

    low, high = 0.0, float(np.abs(delta).max(initial=0.0))
    if kept(0.0).sum() <= eps:
        return np.sign(delta) * kept(0.0)
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if kept(middle).sum() > eps else (low, middle)
    return np.sign(delta) * kept(high)


@pytest.mark.parametrize('eps', [0, 1e-3, 3.0, 40.0, 100.0, 1e5])
@pytest.mark.parametrize('cut', [False, True])
def test_shrinking_is_what_bisection_finds(eps, cut):
    delta = 5 * _normal(6, 3, 20)
    delta[0, 0, :7] = delta[0, 0, 0]  # ties
    delta[1] = 0
    room = 6 * torch.rand(delta.shape, generator=torch.Generator().manual_seed(1)).double()
    room[2, 1] = 0
    found = shrunk_to_l1(delta, eps, room if cut else None)
    for row, own in enumerate(delta.numpy()):
        limit = room[row].numpy() if cut else np.inf
        np.testing.assert_allclose(found[row], _by_bisection(own, eps, limit), atol=1e-9)


def test_single_precision_keeps_the_budget():
    delta = _normal(2, 5000).float() * 50
    assert (shrunk_to_l1(delta, 300.0).abs().double().sum(dim=1) <= 300 * (1 + 1e-6)).all()


@pytest.mark.parametrize('count', [1, 2, 5, 40])
def test_signs_beat_every_step_of_their_kind(count):
    gradient = _normal(3, 4, 10)
    gradient[2] = 0
    gradient[2, 0, :3] = torch.tensor([1.0, -2.0, 0.5])
    found = top_signs(gradient, torch.full((3,), count))
    norms = found.abs().flatten(1).sum(dim=1)
    torch.testing.assert_close(norms, torch.ones(3).double())
    gained = (gradient * found).flatten(1).sum(dim=1)
    some = (gradient != 0).flatten(1).sum(dim=1).clamp(max=count)
    ranked = gradient.abs().flatten(1).sort(dim=1, descending=True).values
    best = torch.stack([row[:n].mean() for row, n in zip(ranked, some, strict=True)])
    torch.testing.assert_close(gained, best)
    assert not (found * gradient < 0).any()


def test_counts_are_each_samples_own_and_ties_share():
    gradient = torch.tensor([[3.0, -2.0, 2.0, 1.0], [1, 1, -1, 1], [0, 0, 0, 0]]).double()
    found = top_signs(gradient, torch.tensor([2, 2, 2]))
    expected = [[0.5, -0.25, 0.25, 0], [0.25, 0.25, -0.25, 0.25], [0, 0, 0, 0]]
    torch.testing.assert_close(found, torch.tensor(expected).double())


def test_laplace_numbers_have_mean_size_one_and_both_signs():
    numbers = laplace(torch.rand(200_000, generator=torch.Generator().manual_seed(0)).double())
    assert numbers.isfinite().all()
    assert float(numbers.abs().mean()) == pytest.approx(1, abs=0.02)
    assert float(numbers.square().mean()) == pytest.approx(2, abs=0.06)
    assert abs(float(numbers.mean())) < 0.02
    assert laplace(torch.tensor([0.0, 1 - 2**-24])).isfinite().all()
