"""The control changes a clip by as much as it is told to."""

import numpy as np
import pytest

from mmrobust.corruptions import Clip, Draws
from mmrobust.corruptions.equal_noise import equal_noise, rmse

GREY = Clip(np.random.default_rng(0).integers(90, 160, (3, 32, 40, 3)).astype(np.uint8))
DRAWS = Draws(0, 'fog_control', 5)


@pytest.mark.parametrize('size', [0.4, 3.0, 12.0, 60.0])
def test_the_size_is_right(size):
    assert rmse(GREY.frames, equal_noise(GREY, size, DRAWS)) == pytest.approx(size, rel=0.03)


@pytest.mark.parametrize('value', [0, 255])
def test_the_size_is_right_where_half_of_the_noise_is_cut_off(value):
    flat = Clip(np.full((2, 32, 32, 3), value, np.uint8))
    assert rmse(flat.frames, equal_noise(flat, 20.0, DRAWS)) == pytest.approx(20, rel=0.03)


def test_the_noise_is_white():
    delta = equal_noise(GREY, 10.0, DRAWS).astype(float) - GREY.frames
    assert abs(delta.mean()) < 0.2
    for axis in (1, 2, 3):
        one, other = np.split(np.stack([delta, np.roll(delta, 1, axis=axis)]), 2)
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.03


def test_no_size_is_no_change_and_a_frame_keeps_its_noise():
    np.testing.assert_array_equal(equal_noise(GREY, 0.0, DRAWS), GREY.frames)
    some = equal_noise(Clip(GREY.frames[[2]], (2,)), 5.0, DRAWS).astype(int) - GREY.frames[[2]]
    whole = equal_noise(GREY, 5.0, DRAWS).astype(int)[2] - GREY.frames[2]
    # The scale is that of the clip, the field that of the frame.
    assert np.corrcoef(some.ravel(), whole.ravel())[0, 1] > 0.99


def test_a_size_beyond_the_range_ends():
    assert rmse(GREY.frames, equal_noise(GREY, 1000.0, DRAWS)) < 255
