"""Rounding to whole grey levels inside a budget."""

import pytest
import torch

from mmrobust.functional.norms import l2_norm, linf_norm
from mmrobust.functional.rounding import round_towards_zero_above, round_within

BALLS = {'l2': (l2_norm, 60.0), 'l2 small': (l2_norm, 7.3), 'linf': (linf_norm, 6.375)}


def _inside(norm, eps, seed, shape=(4, 3, 5, 7, 9)):
    """Perturbations of norm eps, eps, 0.7 eps and 0."""
    delta = torch.randn(shape, generator=torch.Generator().manual_seed(seed)).double()
    length = torch.tensor([1.0, 1.0, 0.7, 0.0]).double() * eps / norm(delta)
    return delta * length[:, None, None, None, None]


@pytest.mark.parametrize(('norm', 'eps'), BALLS.values(), ids=BALLS)
@pytest.mark.parametrize('seed', range(5))
def test_whole_inside_and_along_the_perturbation(norm, eps, seed):
    delta = _inside(norm, eps, seed)
    rounded = round_within(delta, norm, eps)
    assert torch.equal(rounded, rounded.round())
    assert (norm(rounded) <= norm(delta)).all()
    assert ((rounded - delta).abs() < 1).all()
    assert (rounded * delta >= 0).all()
    kept = (rounded * delta).flatten(1).sum(dim=1)
    truncated = (delta.trunc() * delta).flatten(1).sum(dim=1)
    assert (kept >= truncated).all()


@pytest.mark.parametrize('root_mean_square', [0.05, 0.3, 1.0, 5.0])
def test_the_length_is_kept_however_small_the_values(root_mean_square):
    delta = _inside(l2_norm, 1.0, 0, shape=(4, 3, 8, 20, 30))[:2]
    delta = delta * root_mean_square * delta[0].numel() ** 0.5
    eps = float(l2_norm(delta).max())
    rounded = round_within(delta, l2_norm, eps)
    assert (l2_norm(rounded) > 0.97 * l2_norm(delta)).all()
    assert (l2_norm(rounded) <= eps).all()


def test_only_the_largest_values_are_rounded_up():
    delta = torch.tensor([[0.1, 0.2, 0.3, 0.9]])
    assert round_within(delta, l2_norm, 1.1).tolist() == [[0, 0, 0, 0]]
    delta = torch.tensor([[0.5, 0.55, 0.6, 0.9]])
    assert round_within(delta, l2_norm, 2.0).tolist() == [[0, 0, 0, 1]]


def test_whole_perturbations_are_left_alone():
    delta = torch.randint(-9, 10, (3, 3, 5, 7, 9)).float()
    eps = float(l2_norm(delta).max())
    assert torch.equal(round_within(delta, l2_norm, eps), delta)


def test_each_sample_has_its_own_threshold():
    # One sample fits by rounding to nearest, its neighbour does not.
    delta = torch.stack([torch.full((3, 4), 0.6), torch.full((3, 4), 0.2)])
    rounded = round_within(delta, l2_norm, 2.0)
    alone = torch.cat([round_within(row[None], l2_norm, 2.0) for row in delta])
    assert torch.equal(rounded, alone)


@pytest.mark.parametrize(
    ('threshold', 'expected'),
    [(0.5, [-3, -2, -1, 0, 0, 1, 2, 2]), (0.75, [-2, -2, -1, 0, 0, 0, 1, 2]),
     (1.0, [-2, -1, 0, 0, 0, 0, 1, 2])],
)  # fmt: skip
def test_thresholds(threshold, expected):
    delta = torch.tensor([[-2.5, -1.75, -0.8, -0.4, 0.0, 0.6, 1.7, 2.0]])
    assert round_towards_zero_above(delta, torch.tensor([threshold])).tolist() == [expected]
