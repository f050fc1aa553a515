"""Smooth random masks."""

import pytest
import torch

from mmrobust.functional.random_masks import random_masks


def masks(count=400, shape=(6, 20, 30), cells=(3, 5, 5), share=0.5, seed=0):
    return random_masks(count, shape, cells, share, torch.Generator().manual_seed(seed))


def test_they_are_between_0_and_1_smooth_and_of_the_shape():
    found = masks(8)
    assert found.shape == (8, 6, 20, 30)
    assert found.min() >= 0
    assert found.max() <= 1
    # Cells of 6 columns: from one column to the next it is at most a sixth.
    assert found.diff(dim=3).abs().max() <= 1 / 6 + 1e-6
    assert found.diff(dim=2).abs().max() <= 1 / 4 + 1e-6
    assert found.diff(dim=1).abs().max() <= 1 / 2 + 1e-6
    assert found.diff(dim=1).abs().max() > 0


@pytest.mark.parametrize('share', [0.2, 0.5])
def test_they_keep_the_share_everywhere_alike(share):
    mean = masks(3000, (12, 18), (3, 3), share).mean(dim=0)
    assert mean.mean() == pytest.approx(share, abs=0.02)
    assert (mean - share).abs().max() < 0.05


def test_they_are_shifted():
    # A lone cell's border would otherwise lie at the same places in all masks.
    steps = masks(200, (24,), (3,)).diff(dim=1).abs().sum(dim=0)
    assert steps.min() > 0


def test_an_axis_of_one_place_takes_part():
    assert masks(3, (1, 8, 8), (4, 7, 7)).shape == (3, 1, 8, 8)
