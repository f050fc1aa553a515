"""Numbers of tracks whose answers are known."""

import numpy as np
import pytest

from mmrobust.evaluation.tracks import track_summary
from mmrobust.functional.track_metrics import NAMES, TrackPair, track_metrics

BONES = [(1, 0), (2, 1)]


def pair(change=0.0, frames=6, sizes=(2.0,), **places):
    """Three joints in a row, a unit apart, that walk along x by 1, 4, 9, ... (acceleration 2)."""
    clean = np.zeros((1, frames, 3, 2))
    clean[0, :, :, 0] = np.arange(1, frames + 1)[:, None] ** 2
    clean[0, :, :, 1] = [10, 11, 12]
    changed = clean + change
    for place, value in places.items():
        changed[tuple(int(number) for number in place.split('_')[1:])] += value
    moves = np.ones((1, frames, 3), bool)
    return TrackPair(clean, changed, moves, np.array(sizes))


def test_track_that_is_shifted_moves_no_bone_and_no_motion():
    found = track_metrics(pair(np.array([3.0, 4.0])), BONES)
    assert set(found) == set(NAMES)
    assert found['deviation'] == found['deviation_max'] == found['first_frame_deviation'] == 2.5
    assert found['deviation_native'] == found['deviation_native_max'] == 5
    assert found['moved_joints'] == 18
    for name in ('bone_change', 'speed_change', 'acceleration_change', 'jerk_change'):
        assert found[name] == 0
    assert found['jitter_ratio'] == 1


def test_track_whose_joint_moves_in_one_frame():
    # The end of the second bone, by 1 along it, in frame 2 of 6; bodies of size 2.
    found = track_metrics(pair(at_0_2_2_1=1.0), BONES)
    assert found['deviation'] == pytest.approx(0.5 / 18)
    assert found['deviation_max'] == 0.5
    assert found['deviation_native_max'] == 1
    assert found['first_frame_deviation'] == 0
    assert found['moved_joints'] == 1
    # One of twelve bones is twice as long.
    assert found['bone_change'] == pytest.approx(1 / 12)
    # Differences of 0 0 1 0 0 0: 1 -1; 1 -2 1; 1 -3 3 -1 (one out of sight: 3 of 4 frames).
    assert found['speed_change'] == pytest.approx(0.5 * 2 / 15)
    assert found['acceleration_change'] == pytest.approx(0.5 * 4 / 12)
    assert found['jerk_change'] == pytest.approx(0.5 * (3 + 3 + 1) / 9)
    grown = 3 * 4 * 2 + 2 * (np.hypot(2, 1) - 2) + (np.hypot(2, 2) - 2)
    assert found['jitter_ratio'] == pytest.approx(grown / 24)


def test_track_in_sizes_of_each_body():
    clean = np.random.default_rng(0).uniform(1, 2, (2, 4, 3, 3))
    changed = clean.copy()
    changed[0, ..., 0] += 1
    changed[1, ..., 0] += 10
    both = TrackPair(clean, changed, np.ones((2, 4, 3), bool), np.array([1.0, 10.0]))
    found = track_metrics(both, BONES)
    assert found['deviation'] == pytest.approx(1)
    assert found['deviation_native'] == pytest.approx(5.5)


def test_track_joints_that_are_not_found_or_may_not_move_count_nowhere():
    given = pair(at_0_0_0_0=2.0)
    clean, changed = given.clean.copy(), given.changed.copy()
    clean[0, 3, 1] = changed[0, 3, 1] = 0
    moves = given.moves.copy()
    moves[0, 3, 1] = False
    moves[0, 4:] = False
    found = track_metrics(TrackPair(clean, changed, moves, given.sizes), BONES)
    assert found['deviation'] == pytest.approx(1 / 11)
    assert found['first_frame_deviation'] == pytest.approx(1 / 3)
    # Bones of the four frames in which joints may move; two lead to the joint that is lost.
    assert found['bone_change'] == pytest.approx((np.sqrt(5) - 1) / 6)
    # Steps into or out of what is not there are none: 4, 2 and 4 of the three joints count.
    assert found['speed_change'] == pytest.approx(1 / 10)


def test_change_of_a_bone_is_a_share_of_its_length():
    given = pair(at_0_2_2_1=1.0)
    grown = TrackPair(3 * given.clean, 3 * given.changed, given.moves, given.sizes)
    assert track_metrics(grown, BONES)['bone_change'] == pytest.approx(1 / 12)


def test_first_frame_is_the_first_with_somebody():
    given = pair(at_0_1_0_0=2.0)
    moves = given.moves.copy()
    moves[0, 0] = False
    found = track_metrics(TrackPair(given.clean, given.changed, moves, given.sizes), BONES)
    assert found['first_frame_deviation'] == pytest.approx(1 / 3)


def test_track_of_one_frame_or_without_bones_has_no_motion():
    found = track_metrics(pair(frames=1), [])
    for name in ('bone_change', 'speed_change', 'acceleration_change', 'jitter_ratio'):
        assert found[name] is None
    assert track_metrics(pair(frames=2), BONES)['acceleration_change'] is None


def test_track_shapes_that_would_broadcast_are_no_pair():
    given = pair()
    with pytest.raises(AssertionError):
        TrackPair(given.clean, given.changed[:, :1], given.moves, given.sizes)
    with pytest.raises(AssertionError):
        TrackPair(given.clean, given.changed, given.moves, np.ones((1, 1, 1, 1)))


def test_summary_of_tracks_is_the_mean_of_attacked_ones():
    line = dict.fromkeys(NAMES, 1.0) | {'network_view': 1.0, 'network_view_max': 2.0}
    rows = [
        {**line, 'attacked': True},
        {**line, 'attacked': True, 'deviation': 3.0, 'jitter_ratio': None},
        {**line, 'attacked': False, 'deviation': 100.0},
        {'attacked': False},
    ]
    found = track_summary(rows)
    assert (found['deviation'], found['jitter_ratio'], found['network_view_max']) == (2, 1, 2)
    assert track_summary([{'attacked': True, 'linf': 1}]) is None
