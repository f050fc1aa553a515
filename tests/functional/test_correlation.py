"""Correlation against four nested loops, and its gradients."""

import pytest
import torch

from mmrobust.functional.correlation import correlation


def loops(first, second, max_displacement, stride):
    """The definition, cell by cell."""
    pairs, channels, height, width = first.shape
    shifts = range(-max_displacement, max_displacement + 1, stride)
    found = first.new_zeros(pairs, len(shifts) ** 2, height, width)
    for j, dy in enumerate(shifts):
        for i, dx in enumerate(shifts):
            for y in range(height):
                for x in range(width):
                    if 0 <= y + dy < height and 0 <= x + dx < width:
                        product = first[:, :, y, x] * second[:, :, y + dy, x + dx]
                        found[:, j * len(shifts) + i, y, x] = product.sum(1) / channels
    return found


def features(*shape):
    torch.manual_seed(0)
    return torch.randn(2, *shape, dtype=torch.double)


@pytest.mark.parametrize(
    ('shape', 'max_displacement', 'stride'),
    [
        ((2, 3, 5, 7), 4, 2),
        ((1, 2, 6, 8), 2, 1),
        ((2, 1, 7, 5), 6, 3),
        ((1, 3, 2, 3), 8, 2),
        ((1, 2, 1, 1), 2, 2),
        ((2, 2, 4, 3), 0, 1),
    ],
)
def test_equals_the_loops(shape, max_displacement, stride):
    first, second = features(*shape)
    found = correlation(first, second, max_displacement=max_displacement, stride=stride)
    expected = loops(first, second, max_displacement, stride)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-14)


def test_defaults_are_flownets():
    first, second = features(1, 3, 6, 9)
    found = correlation(first, second)
    assert found.shape == (1, 441, 6, 9)
    torch.testing.assert_close(found, loops(first, second, 20, 2), rtol=0, atol=1e-14)


def test_channel_of_a_known_displacement():
    first, second = torch.zeros(2, 1, 4, 12, 16)
    first[0, :, 5, 9] = 3
    second[0, :, 9, 3] = 2  # 4 cells below, 6 to the left
    found = correlation(first, second)
    # Rows of 21: vertical displacement -20, -18, ..., then the horizontal one.
    expected = [0, (10 + 2) * 21 + (10 - 3), 5, 9]
    assert found.nonzero().tolist() == [expected]
    assert found.max() == 6


def test_gradients_of_both_orders():
    def small(first, second):
        return correlation(first, second, max_displacement=2, stride=2)

    ends = [x.requires_grad_() for x in features(1, 2, 3, 4).unbind()]
    assert torch.autograd.gradcheck(small, ends)
    assert torch.autograd.gradgradcheck(small, ends)


def test_pairs_do_not_mix():
    first, second = features(3, 4, 9, 9)
    alone = [correlation(first[i : i + 1], second[i : i + 1]) for i in range(3)]
    torch.testing.assert_close(correlation(first, second), torch.cat(alone), rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ('second', 'options', 'name'),
    [
        ((1, 2, 4, 5), {}, 'second'),
        ((1, 2, 4, 4), {'max_displacement': 5}, 'max_displacement'),
        ((1, 2, 4, 4), {'max_displacement': -2}, 'max_displacement'),
        ((1, 2, 4, 4), {'stride': 0}, 'stride'),
    ],
)
def test_what_does_not_fit_is_refused(second, options, name):
    with pytest.raises(ValueError, match=f'^{name} must be'):
        correlation(torch.zeros(1, 2, 4, 4), torch.zeros(second), **options)


def test_other_layouts_are_refused():
    with pytest.raises(ValueError, match='^first must be features'):
        correlation(torch.zeros(2, 4, 4), torch.zeros(2, 4, 4))
