"""The balls as geometry: nearest point, steepest direction, members."""

import functools
import itertools
import math

import numpy as np
import pytest
import torch

from mmrobust.functional.randomness import SampleRandom
from mmrobust.threats import L1, L2, Linf

# Of one value, so that the step is the very steepest.
ONE = functools.partial(L1, share=1e-9)
ORDERS = {'linf': (Linf, np.inf), 'l2': (L2, 2), 'l1': (ONE, 1)}
BALLS = pytest.mark.parametrize(('ball', 'order'), ORDERS.values(), ids=ORDERS)
SHAPE = (3, 3, 5, 7, 9)  # N equals C


def _randn(shape=SHAPE, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).double()


def _pixels(shape=SHAPE, low=100, high=156):
    return torch.randint(low, high, shape, generator=torch.Generator().manual_seed(9)).double()


def _lengths(delta, order):
    return [np.linalg.norm(row.numpy().ravel(), ord=order) for row in delta]


@BALLS
def test_distance_is_numpys(ball, order):
    pixels = _pixels()
    distance = ball(5).distance(pixels + 7 * _randn(), pixels)
    np.testing.assert_allclose(distance, _lengths(7 * _randn(), order))


@BALLS
@pytest.mark.parametrize('eps', [0, 0.5, 6.375, 40])
def test_projection(ball, order, eps):
    threat, pixels = ball(eps), _pixels()
    # Far outside, on the way, and well inside.
    scale = torch.tensor([100.0, 10.0, 1e-4]).double()[:, None, None, None, None]
    candidate = pixels + scale * _randn()
    projected = threat.project(candidate, pixels)
    assert max(_lengths(projected - pixels, order)) <= eps * (1 + 1e-9) + 1e-12
    torch.testing.assert_close(threat.project(projected, pixels), projected)
    if eps:
        torch.testing.assert_close(projected[2], candidate[2])
    assert torch.equal(threat.project(pixels, pixels), pixels)


@BALLS
def test_projection_brings_no_two_points_further_apart(ball, order):
    threat, pixels = ball(6.375), _pixels()
    one, other = pixels + 9 * _randn(seed=1), pixels + 9 * _randn(seed=2)
    before = _lengths(one - other, 2)
    after = _lengths(threat.project(one, pixels) - threat.project(other, pixels), 2)
    assert all(a <= b for a, b in zip(after, before, strict=True))


@BALLS
def test_projection_is_the_nearest_member(ball, order):
    threat, pixels = ball(6.375), _pixels()
    candidate = pixels + 9 * _randn()
    away = _lengths(candidate - threat.project(candidate, pixels), 2)
    for seed in range(50):
        rng = SampleRandom.from_seeds([seed, seed + 100, seed + 200])
        # Members of the ball, some of them close to the projection.
        member = threat.project(threat.random(threat.project(candidate, pixels), rng), pixels)
        other = _lengths(candidate - member, 2)
        assert all(a <= b + 1e-9 for a, b in zip(away, other, strict=True))


@BALLS
def test_steepest_beats_every_other_member_of_the_unit_ball(ball, order):
    gradient = _randn(seed=3)
    steepest = ball(5).steepest(gradient)
    np.testing.assert_allclose(_lengths(steepest, order), 1)
    gained = (gradient * steepest).flatten(1).sum(dim=1)
    dual = {np.inf: 1, 2: 2, 1: np.inf}[order]
    np.testing.assert_allclose(gained, _lengths(gradient, dual))
    for seed in range(10, 60):
        other = _randn(seed=seed)
        other = other / torch.tensor(_lengths(other, order))[:, None, None, None, None]
        assert ((gradient * other).flatten(1).sum(dim=1) <= gained).all()


def test_steepest_linf_is_the_best_corner():
    gradient = _randn((2, 1, 2, 2, 2))
    corners = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=8))).double()
    best = (corners @ gradient.flatten(1).T).amax(dim=0)
    gained = (gradient * Linf(3).steepest(gradient)).flatten(1).sum(dim=1)
    torch.testing.assert_close(gained, best)


@BALLS
def test_no_gradient_no_step(ball, order):
    gradient = _randn()
    gradient[1] = 0
    steepest = ball(5).steepest(gradient)
    assert not steepest[1].any()
    assert steepest[[0, 2]].flatten(1).any(dim=1).all()


@BALLS
@pytest.mark.parametrize('eps', [0, 0.5, 6.375])
def test_random_members_stay_inside_and_reach_far(ball, order, eps):
    threat, pixels = ball(eps), _pixels((40, 3, 5, 7, 9))
    members = threat.random(pixels, SampleRandom.from_seeds(range(40)))
    lengths = np.array(_lengths(members - pixels, order))
    assert lengths.max() <= eps * (1 + 1e-9)
    assert lengths.max() >= 0.9 * eps
    # Both ways at every value, on average none.
    drift = float((members - pixels).mean())
    assert abs(drift) <= 0.02 * eps
    if order == np.inf and eps:
        spread = float((members - pixels).std())
        assert spread == pytest.approx(eps / math.sqrt(3), rel=0.02)
    if order < np.inf and eps:
        assert lengths.min() < 0.2 * eps


@BALLS
@pytest.mark.parametrize('eps', [0.5, 1, 6.375, 60])
def test_quantized_members_are_whole_and_inside(ball, order, eps):
    threat, pixels = ball(eps), _pixels()
    inside = threat.project(pixels + 30 * _randn(), pixels)
    rounded = threat.quantize(inside, pixels)
    assert torch.equal(rounded, rounded.round())
    assert max(_lengths(rounded - pixels, order)) <= eps
    assert float((rounded - inside).abs().max()) < 1
    if eps < 1:
        assert torch.equal(rounded, pixels)


def test_linf_keeps_the_whole_part_of_a_fractional_budget():
    pixels = _pixels((1, 1, 1, 1, 4))
    delta = torch.tensor([6.375, -6.375, 5.6, 0.4])
    assert (Linf(6.375).quantize(pixels + delta, pixels) - pixels).flatten().tolist() == [
        6,
        -6,
        6,
        0,
    ]
    # 6.8 would round to 7, which the budget of 6.9 does not hold.
    assert (Linf(6.9).quantize(pixels + 6.8, pixels) - pixels).unique().tolist() == [6]


@BALLS
@pytest.mark.parametrize('step', [0.01, 0.25, 3])
def test_members_on_a_grid_are_whole_steps_away_and_inside(ball, order, step):
    threat, pixels = ball(40 * step), _pixels() / 3
    inside = threat.project(pixels + 60 * step * _randn(), pixels)
    found = threat.on_grid(inside, pixels, step)
    steps = (found - pixels) / step
    np.testing.assert_allclose(steps, steps.round(), atol=1e-6)
    assert steps.any()
    assert max(_lengths(found - pixels, order)) <= threat.eps * (1 + 1e-9)
    assert float((found - inside).abs().max()) < step * (1 + 1e-6)
    assert torch.equal(threat.on_grid(pixels, pixels, step), pixels)


@BALLS
def test_the_grid_of_one_is_that_of_whole_grey_levels(ball, order):
    threat, pixels = ball(6.375), _pixels()
    inside = threat.project(pixels + 30 * _randn(), pixels)
    assert torch.equal(threat.on_grid(inside, pixels, 1.0), threat.quantize(inside, pixels))


def test_a_budget_of_three_steps_holds_three_steps():
    # 0.3 / 0.1 is a little less than 3.
    pixels = _pixels((1, 1, 1, 1, 4))
    found = Linf(0.3).on_grid(pixels + 0.3, pixels, 0.1)
    np.testing.assert_allclose(found - pixels, 0.3)


@BALLS
@pytest.mark.parametrize('eps', [-1, math.inf, math.nan, '8', None, True])
def test_bad_budgets_are_refused(ball, order, eps):
    with pytest.raises(ValueError, match=f'eps must be a finite number >= 0, got {eps!r}'):
        ball(eps)
