"""Norms per sample against numpy, on shapes where a wrong axis would still broadcast."""

import numpy as np
import pytest
import torch

from mmrobust.functional.norms import expand_to, l1_mean, l2_norm, linf_norm, unit_l2

SHAPES = [(3, 3, 5, 7, 9), (1, 3, 5, 7, 9), (2, 3, 4, 4, 4), (9, 3, 5, 7, 9), (4, 2), (5, 17, 2)]


def _batch(shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).double() * 40


@pytest.mark.parametrize('shape', SHAPES)
def test_norms_match_numpy_sample_by_sample(shape):
    x = _batch(shape)
    rows = [row.numpy().ravel() for row in x]
    np.testing.assert_allclose(l1_mean(x), [np.abs(row).mean() for row in rows])
    np.testing.assert_allclose(l2_norm(x), [np.linalg.norm(row) for row in rows])
    np.testing.assert_allclose(linf_norm(x), [np.linalg.norm(row, np.inf) for row in rows])


@pytest.mark.parametrize('shape', SHAPES)
def test_unit_l2_keeps_the_direction(shape):
    x = _batch(shape)
    for unit, row in zip(unit_l2(x), x, strict=True):
        np.testing.assert_allclose(unit, row / np.linalg.norm(row.numpy().ravel()))


@pytest.mark.parametrize('scale', [1e-44, 1e-38, 1e-30, 1e-20, 1.0, 1e20, 1e37])
def test_unit_l2_at_any_size(scale):
    x = _batch((3, 3, 5, 7, 9)).sign().float() * scale
    torch.testing.assert_close(l2_norm(unit_l2(x)), torch.ones(3))


def test_zero_stays_zero_beside_others():
    x = _batch((3, 3, 2, 2, 2))
    x[1] = 0
    assert not unit_l2(x)[1].any()
    torch.testing.assert_close(l2_norm(unit_l2(x)), torch.tensor([1.0, 0, 1]).double())


def test_l2_norm_of_millions_of_values():
    # Adding up one by one in float32 is off by 1e-3 here.
    x = torch.full((1, 3, 32, 160, 160), 0.9)
    exact = 0.9 * x.numel() ** 0.5
    assert float(l2_norm(x)) == pytest.approx(exact, rel=1e-6)


def test_norms_of_no_samples():
    x = torch.zeros(0, 3, 5, 7, 9)
    for norm in (l1_mean, l2_norm, linf_norm):
        assert norm(x).shape == (0,)


@pytest.mark.parametrize('shape', SHAPES)
def test_expand_to_scales_whole_samples(shape):
    x = _batch(shape)
    factors = torch.arange(1, len(x) + 1).double()
    scaled = expand_to(factors, x) * x
    assert scaled.shape == x.shape
    for i, row in enumerate(scaled):
        torch.testing.assert_close(row, (i + 1) * x[i])
