"""Blocks of neighbouring pixels."""

import torch

from mmrobust.functional.patches import patch_means, patch_numbers


def test_blocks_are_counted_axis_by_axis():
    expected = [[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]]
    assert patch_numbers((4, 4), (2, 2)).tolist() == expected


def test_every_place_is_in_a_block_and_blocks_differ_by_one_place_along_an_axis():
    numbers = patch_numbers((7, 5, 9), (3, 8, 4))
    assert sorted(numbers.unique().tolist()) == list(range(3 * 5 * 4))
    assert set(numbers[:, 0, 0].bincount()[numbers[:, 0, 0].unique()].tolist()) == {2, 3}
    assert len(numbers[0, :, 0].unique()) == 5


def test_means_are_those_of_the_blocks():
    values = torch.arange(16.0).reshape(4, 4)
    numbers = patch_numbers((4, 4), (2, 2))
    assert patch_means(values, numbers).tolist() == [2.5, 4.5, 10.5, 12.5]
