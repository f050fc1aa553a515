"""By joint and over the threshold, for rows that were written by hand."""

import pytest

from mmrobust.evaluation.poses import by_joint, over_tau, pose_summary
from mmrobust.evaluation.summary import summarize


def row(**fields):
    return {
        'index': 0,
        'attacked': True,
        'displacement': 0.2,
        'clean_joint_errors': [0.1, None],
        'adversarial_joint_errors': [0.5, None],
        'joint_displacements': [0.3, 0.1],
        'joint_vanished': [True, False],
    } | fields


ROWS = [
    row(),
    row(clean_joint_errors=[0.3, 0.2], adversarial_joint_errors=[0.1, 0.4], displacement=0.4),
    row(attacked=False, clean_joint_errors=[9.0, 9.0]),
    row(joint_displacements=[0.2, None], joint_vanished=[False, False], displacement=0.1),
]


def test_every_joint_has_its_means_over_the_attacked_persons():
    first, second = by_joint(ROWS)
    assert first == pytest.approx(
        {
            'labelled': 3,
            'clean_error': (0.1 + 0.3 + 0.1) / 3,
            'adversarial_error': (0.5 + 0.1 + 0.5) / 3,
            'displacement': (0.3 + 0.3 + 0.2) / 3,
            'moved_rate': 2 / 3,  # 0.2 is no further than 0.2
            'vanished_rate': 2 / 3,
        }
    )
    assert second == pytest.approx(
        {
            'labelled': 1,
            'clean_error': 0.2,
            'adversarial_error': 0.4,
            'displacement': 0.1,
            'moved_rate': 0.0,
            'vanished_rate': 0.0,
        }
    )


def test_persons_of_a_picture_count_one_by_one():
    assert by_joint([{'attacked': True, 'by_person': ROWS[:2]}, ROWS[3]]) == by_joint(ROWS)


def test_what_rows_do_not_know_is_none():
    bare = {'attacked': True, 'clean_joint_errors': [0.1], 'adversarial_joint_errors': [None]}
    assert by_joint([bare]) == [
        {
            'labelled': 1,
            'clean_error': 0.1,
            'adversarial_error': None,
            'displacement': None,
            'moved_rate': None,
            'vanished_rate': None,
        }
    ]
    assert by_joint([bare, bare | {'clean_joint_errors': [0.1, 0.2]}])[0]['clean_error'] is None
    assert by_joint([]) == by_joint([{'attacked': True}]) == []
    assert pose_summary([{'attacked': True, 'error': None}]) is None


def test_success_over_the_threshold_is_the_share_that_went_further():
    found = over_tau(ROWS)
    assert found['measure'] == 'displacement'
    assert found['n'] == 3
    rates = dict(zip(found['tau'], found['rate'], strict=True))
    for tau, rate in {0.0: 1, 0.05: 1, 0.15: 2 / 3, 0.3: 1 / 3, 0.45: 0}.items():
        assert rates[min(rates, key=lambda known: abs(known - tau))] == pytest.approx(rate)


def test_targeted_success_is_the_share_that_came_near():
    found = over_tau([row(target_error=error) for error in (0.05, 0.2, None)])
    assert found['measure'] == 'target_error'
    assert found['n'] == 2
    assert found['rate'][0] == 0
    assert found['rate'][-1] == 1
    assert found['rate'][20] == 0.5  # tau 0.1


def test_the_card_has_the_numbers_of_poses_and_nothing_for_classes():
    common = {'error': None, 'success': True, 'flags': [], 'seconds': 1.0, 'measures': {}}
    common |= dict.fromkeys(('forwards', 'backwards', 'queries'), 1)
    common |= dict.fromkeys(('linf', 'l2', 'mean_abs', 'rmse', 'frames'), 1.0)
    card = summarize([one | common for one in ROWS])
    assert card['pose'] == {'by_joint': by_joint(ROWS), 'success_curve': over_tau(ROWS)}
    assert summarize([{'attacked': True} | common])['pose'] is None
