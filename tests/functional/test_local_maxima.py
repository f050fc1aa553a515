"""Peaks are found by looking at every cell and its neighbours, one at a time."""

import itertools

import pytest
import torch

from mmrobust.functional.local_maxima import local_maxima


def _by_hand(scores, axes):
    """Of one map: cell by cell."""
    found = torch.zeros(scores.shape, dtype=torch.bool)
    for cell in itertools.product(*(range(side) for side in scores.shape)):
        near = itertools.product(
            *(
                range(max(0, at - 1), min(side, at + 2))
                for at, side in zip(cell, scores.shape, strict=True)
            )
        )
        highest = all(scores[cell] >= scores[other] for other in near)
        found[cell] = highest and bool(scores[cell] > scores.mean())
    return found


@pytest.mark.parametrize('axes', [1, 2])
def test_peaks_are_above_the_mean_and_below_no_neighbour(axes):
    generator = torch.Generator().manual_seed(0)
    # Few levels, so that there are plateaus.
    scores = torch.randint(-4, 4, (2, 3, 6, 7), generator=generator).double()
    found = local_maxima(scores, axes)
    apart = scores.reshape(-1, *scores.shape[-axes:])
    expected = torch.stack([_by_hand(one, axes) for one in apart]).reshape(scores.shape)
    assert torch.equal(found, expected)
    assert found.any()


def test_corners_touch_in_a_plane_and_lines_do_not_mix():
    scores = torch.tensor([[5.0, 0, 0], [0, 4, 0], [0, 0, 0]])
    assert local_maxima(scores, 2).sum() == 1
    assert local_maxima(scores, 1).sum() == 2


def test_a_flat_response_has_no_peak():
    assert not local_maxima(torch.zeros(2, 4, 4), 2).any()
    assert not local_maxima(torch.full((2, 4), -3.0), 1).any()


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match='axes must be 1 or 2, got 3'):
        local_maxima(torch.zeros(2, 4, 4, 4), 3)
