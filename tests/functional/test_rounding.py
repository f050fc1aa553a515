"""Rounding to whole grey levels inside a budget."""

import pytest
import torch

from mmrobust.functional.norms import l1_norm, l2_norm
from mmrobust.functional.rounding import round_within_l1, round_within_l2


def _inside(eps, seed, shape=(4, 3, 5, 7, 9)):
    """Perturbations of length eps, eps, 0.7 eps and 0."""
    delta = torch.randn(shape, generator=torch.Generator().manual_seed(seed)).double()
    length = torch.tensor([1.0, 1.0, 0.7, 0.0]).double() * eps / l2_norm(delta)
    return delta * length[:, None, None, None, None]


def _by_trying(delta, eps):
    """Every threshold, from none to all rounded up; the last that fits."""
    size = delta.abs()
    fraction = size - size.floor()
    found = size.floor()
    for threshold in fraction[fraction > 0].unique().flip(0):
        tried = size.floor() + (fraction >= threshold)
        if tried.square().sum() > min(size.square().sum(), eps**2):
            break
        found = tried
    return delta.sign() * found


@pytest.mark.parametrize('eps', [60.0, 7.3, 300.0])
@pytest.mark.parametrize('seed', range(5))
def test_whole_inside_and_along_the_perturbation(eps, seed):
    delta = _inside(eps, seed)
    rounded = round_within_l2(delta, eps)
    assert torch.equal(rounded, rounded.round())
    assert (l2_norm(rounded) <= l2_norm(delta)).all()
    assert ((rounded - delta).abs() < 1).all()
    assert (rounded * delta >= 0).all()
    kept = (rounded * delta).flatten(1).sum(dim=1)
    truncated = (delta.trunc() * delta).flatten(1).sum(dim=1)
    assert (kept >= truncated).all()


@pytest.mark.parametrize('eps', [9.0, 60.0])
@pytest.mark.parametrize('digits', [1, 12])
def test_as_much_is_rounded_up_as_fits(eps, digits):
    # One digit: many values share a fraction.
    delta = _inside(eps, 0, shape=(4, 3, 2, 5, 4))
    delta = (delta * 10**digits).trunc() / 10**digits
    rounded = round_within_l2(delta, eps)
    assert torch.equal(rounded, torch.stack([_by_trying(one, eps) for one in delta]))


@pytest.mark.parametrize('root_mean_square', [0.05, 0.3, 1.0, 5.0])
def test_the_length_is_kept_however_small_the_values(root_mean_square):
    delta = _inside(1.0, 0, shape=(4, 3, 8, 20, 30))[:2]
    delta = delta * root_mean_square * delta[0].numel() ** 0.5
    eps = float(l2_norm(delta).max())
    rounded = round_within_l2(delta, eps)
    assert (l2_norm(rounded) > 0.97 * l2_norm(delta)).all()
    assert (l2_norm(rounded) <= eps).all()


def test_only_the_largest_values_are_rounded_up():
    delta = torch.tensor([[0.1, 0.2, 0.3, 0.9]])
    assert round_within_l2(delta, 1.1).tolist() == [[0, 0, 0, 0]]
    delta = torch.tensor([[0.5, -0.55, 0.6, -0.9]])
    assert round_within_l2(delta, 2.0).tolist() == [[0, 0, 0, -1]]


def test_equal_fractions_share_one_fate():
    delta = torch.tensor([[0.5, 1.5, 0.9, 2.0]])
    # 2.31 of the squared length is left: 1 for 0.9, then 1 for 0.5 but not 3 for 1.5 as well.
    assert round_within_l2(delta, 9.0).tolist() == [[0, 1, 1, 2]]


def test_whole_perturbations_are_left_alone():
    delta = torch.randint(-9, 10, (3, 3, 5, 7, 9)).float()
    eps = float(l2_norm(delta).max())
    assert torch.equal(round_within_l2(delta, eps), delta)


def test_each_sample_has_its_own_threshold():
    # One sample fits by rounding to nearest, its neighbour does not.
    delta = torch.stack([torch.full((3, 4), 0.6), torch.full((3, 4), 0.2)])
    rounded = round_within_l2(delta, 2.0)
    alone = torch.cat([round_within_l2(row[None], 2.0) for row in delta])
    assert torch.equal(rounded, alone)


def test_the_budget_holds_where_the_length_is_a_hair_beyond():
    """As a projection leaves it, whose sums round."""
    delta, eps = torch.tensor([[3 + 3e-10, 4 - 1e-10]], dtype=torch.float64), 5 - 1e-9
    assert eps < float(l2_norm(delta)) < eps * (1 + 1e-9)
    assert float(l2_norm(round_within_l2(delta, eps))) <= eps


def _of_norm(eps, seed, shape=(4, 3, 5, 7, 9)):
    """Perturbations of l_1 norm eps, eps, 0.7 eps and 0."""
    delta = torch.randn(shape, generator=torch.Generator().manual_seed(seed)).double()
    share = torch.tensor([1.0, 1.0, 0.7, 0.0]).double() * eps / l1_norm(delta)
    return delta * share[:, None, None, None, None]


@pytest.mark.parametrize('eps', [0.5, 7.3, 60.0, 3000.0])
@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_l1_loses_less_than_a_level(eps, dtype):
    delta = _of_norm(eps, 1).to(dtype)
    rounded = round_within_l1(delta, eps)
    assert torch.equal(rounded, rounded.round())
    assert ((rounded - delta).abs() < 1 + 1e-4).all()
    assert (rounded * delta >= 0).all()
    norms = l1_norm(rounded)
    assert (norms <= eps).all()
    assert (norms > l1_norm(delta) * (1 - 1e-6) - 1).all()


def test_l1_levels_go_to_the_largest_fractions_and_the_first_of_equal_ones():
    delta = torch.tensor([[1.9, -0.6, 0.3, 2.2], [0.4, -0.4, 0.4, 0.4], [3.0, -1.0, 0.0, 0.0]])
    rounded = round_within_l1(delta.double(), 5.0)
    # Of norm 5, 1.6 and 4: two levels beyond 1 + 0 + 0 + 2, one beyond none, none.
    assert rounded.tolist() == [[2, -1, 0, 2], [1, 0, 0, 0], [3, -1, 0, 0]]


def test_l1_that_is_a_hair_below_whole_is_whole():
    delta = torch.tensor([[2 - 1e-7, -(1 - 1e-7), 0.0]]).double()
    assert round_within_l1(delta, 3.0).tolist() == [[2, -1, 0]]
    assert round_within_l1(delta, 2.9).tolist() in ([[2, 0, 0]], [[1, -1, 0]])
