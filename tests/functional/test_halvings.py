"""Stretches of values."""

import pytest
import torch

from mmrobust.functional.halvings import flipped, halvings, stretches


@pytest.mark.parametrize(('total', 'parts'), [(120, 1), (120, 7), (5, 8), (1, 1), (6, 4)])
def test_stretches_cover_everything_once(total, parts):
    found = stretches(total, parts)
    assert [start for start, _ in found] == [0, *[stop for _, stop in found[:-1]]]
    assert found[-1][1] == total
    assert len(found) <= parts or parts >= total


@pytest.mark.parametrize('total', [1, 2, 5, 120])
def test_halvings_go_down_to_single_values(total):
    values = torch.arange(total)
    found = [values[stretch].tolist() for stretch in halvings(total)]
    assert found[0] == values.tolist()
    assert found[-total:] == [[value] for value in range(total)]
    lengths = [len(stretch) for stretch in found]
    assert sum(lengths) % total == 0


def test_flips_are_of_a_copy_in_any_layout():
    signs = torch.ones(2, 3, 4).permute(2, 0, 1)
    found = flipped(signs, torch.tensor([0, 23]))
    assert (signs == 1).all()
    assert found.shape == signs.shape
    assert (found == -1).nonzero().tolist() == [[0, 0, 0], [3, 1, 2]]
