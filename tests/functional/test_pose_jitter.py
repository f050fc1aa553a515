"""Differences of poses in time, against polynomials, whose differences are known."""

import numpy as np
import pytest

from mmrobust.functional.pose_jitter import REST, differences, movement

T = np.arange(8.0)
FRAMES = np.arange(8)


def path(*curves):
    """(T, K, 2): a curve for each joint, along x; y is half of it."""
    return np.stack([np.stack([c, c / 2], -1) for c in curves], 1)


def measured(predicted, reference, frames=FRAMES, seen=None, sides=None):
    seen = np.ones(predicted.shape[:2], bool) if seen is None else seen
    sides = np.full(len(predicted), 50.0) if sides is None else sides
    return movement(predicted, reference, frames, seen, sides)


def test_cubes_parabolas_and_lines():
    long = np.sqrt(1.25)
    found = measured(path(2 * T**3), path(T**2))
    # The third difference of t^3 is 6, that of t^2 is 0.
    np.testing.assert_allclose(found['jitter'], 2 * 6 * long / 50)
    assert len(found['jitter']) == 5
    np.testing.assert_allclose(found['reference_jitter'], 0, atol=1e-12)
    found = measured(path(5 * T**2), path(2 * T**2 + 7 * T + 3))
    np.testing.assert_allclose(found['acceleration_error'], (5 - 2) * 2 * long / 50)
    assert len(found['acceleration_error']) == 6
    assert len(found['flicker']) == 0


def test_flicker_is_what_moves_where_the_reference_rests():
    trembling = np.where(T % 2, 3.0, 0.0)
    slow, fast = REST * 50 * 0.8 * T, REST * 50 * 1.2 * T
    # With the way down, 0.9 and 1.3 of the threshold.
    still = path(slow, fast)
    found = measured(path(trembling, trembling), still)
    np.testing.assert_allclose(found['flicker'], 3 * np.sqrt(1.25) / 50)
    assert len(found['flicker']) == 7


def test_nothing_reaches_across_a_missing_frame():
    frames = np.array([0, 1, 2, 3, 5, 6, 7, 9])
    found = differences(path(T), frames, np.ones((8, 1), bool), 3)
    assert np.isfinite(found[..., 0]).ravel().tolist() == [True] + [False] * 4
    found = differences(path(T), frames, np.ones((8, 1), bool), 2)
    known = [True, True, False, False, True, False]
    assert np.isfinite(found[..., 0]).ravel().tolist() == known


def test_a_joint_that_is_unknown_in_one_frame_is_left_out_of_all_its_windows():
    seen = np.ones((8, 2), bool)
    seen[4, 1] = False
    found = differences(path(T, T), FRAMES, seen, 3)
    assert np.isfinite(found[:, 0, 0]).all()
    assert np.isfinite(found[:, 1, 0]).tolist() == [True, False, False, False, False]
    assert len(measured(path(T, T), path(T, T), seen=seen)['jitter']) == 6


def test_the_unit_is_the_mean_side_of_the_window():
    sides = np.linspace(40, 80, 8)
    found = measured(path(T**3), path(T), sides=sides)['jitter']
    means = [sides[t : t + 4].mean() for t in range(5)]
    np.testing.assert_allclose(found, 6 * np.sqrt(1.25) / np.array(means))


@pytest.mark.parametrize('count', [1, 2, 3])
def test_short_tracks_have_no_jitter(count):
    found = measured(path(T)[:count], path(T)[:count], FRAMES[:count])
    assert len(found['jitter']) == 0
    assert len(found['acceleration_error']) == max(count - 2, 0)
