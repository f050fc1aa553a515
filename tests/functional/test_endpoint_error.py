"""The endpoint error."""

import pytest
import torch

from mmrobust.functional.endpoint_error import endpoint_error


def test_it_is_the_length_of_the_difference_at_each_pixel():
    generator = torch.Generator().manual_seed(0)
    flow, truth = torch.randn(2, 3, 4, 2, 5, 7, generator=generator).double()
    error = endpoint_error(flow, truth)
    assert error.shape == (3, 4, 5, 7)
    x, y = (flow - truth)[1, 2, :, 3, 4].tolist()
    assert error[1, 2, 3, 4] == pytest.approx((x * x + y * y) ** 0.5)


@pytest.mark.parametrize(('first', 'second', 'name'), [
    ((3, 5, 7), (3, 5, 7), 'flow'),
    ((5, 7), (5, 7), 'flow'),
    ((4, 2, 5, 7), (2, 5, 7), 'truth'),
])  # fmt: skip
def test_other_shapes_are_refused(first, second, name):
    with pytest.raises(ValueError, match=f'^{name} must be of shape'):
        endpoint_error(torch.zeros(first), torch.zeros(second))
