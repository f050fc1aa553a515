"""What stayed and what moved, from rows alone."""

import pytest

from mmrobust.evaluation.effects import effects, movement, stayed
from mmrobust.functional.interval import wilson


def video(clean, adversarial, **fields):
    row = {'clean_prediction': clean, 'adversarial_prediction': adversarial, 'attacked': True}
    return row | {'clean_correct': None} | fields


def pose(moved, vanished=0, displacement=0.1, joints=4, **fields):
    row = {
        'joints_moved': moved,
        'joints_vanished': vanished,
        'displacement': displacement,
        'clean_joints': [[0, 0]] * joints,
        'clean_correct': None,
        'attacked': True,
    }
    return row | fields


def test_effects_of_classes_count_predictions_that_stayed():
    rows = [video(1, 1), video(1, 2), video(3, 3, attacked=False), video(2, 0, clean_correct=True)]
    found = effects(rows)
    assert found['consistency'] == 0.5
    assert found['consistency_interval'] == list(wilson(2, 4))
    assert found['annotated'] == 1
    assert found['movement'] is None


@pytest.mark.parametrize(('moved', 'expected'), [(0, True), (1, True), (2, False), (4, False)])
def test_effects_a_pose_stays_while_more_than_half_of_its_joints_do(moved, expected):
    assert stayed(pose(moved)) is expected


def test_effects_of_poses_are_means_over_the_attacked():
    rows = [pose(4, 1, 0.4), pose(1, 0, 0.2), pose(3, 0, 0.9, attacked=False)]
    assert movement(rows) == {
        'joints': 4,
        'moved': 2.5,
        'vanished': 0.5,
        'displacement': pytest.approx(0.3),
    }


def test_effects_of_pictures_count_all_persons_and_nothing_where_nobody_is():
    two = pose(5, clean_poses=[[[0, 0]] * 4, [[1, 1]] * 4])
    assert stayed(two) is False
    assert movement([two])['joints'] == 8
    nobody = pose(0, clean_poses=[], displacement=None, joints=4)
    assert stayed(nobody) is None
    assert movement([nobody]) is None
    # Where persons are annotated, only their joints were looked at.
    labelled = pose(3, clean_poses=[[[0, 0]] * 4])
    del labelled['joints_vanished']
    assert stayed(labelled) is None


def test_effects_of_nothing_are_none():
    found = effects([])
    assert found == {
        'annotated': 0,
        'consistency': None,
        'consistency_interval': None,
        'movement': None,
    }
