"""Success over the threshold as the goal counts it, for rows that were written by hand."""

import pytest

from mmrobust.evaluation.goal_curve import goal_curve
from mmrobust.visualization.pose_figures import tau_curve

CORRUPT = {'type': 'CorruptPose', 'tau': 0.2, 'unit': 'box', 'share': 0.5, 'reference': 'label'}
AIMED = {'type': 'TargetPose', 'tau': 0.1, 'unit': 'box'}


def row(errors, success, **fields):
    """A person whose third joint is not labelled."""
    return {
        'attacked': True,
        'success': success,
        'flags': [],
        'displacement': 0.01,
        'clean_joint_errors': [0.0, 0.0, None],
        'adversarial_joint_errors': [*errors, None],
        'joint_displacements': [*errors, 0.45],
    } | fields


ROWS = [row([0.3, 0.0], True), row([0.25, 0.1], True), row([0.15, 0.19], False)]


def rate(rows, tau, **options):
    curve = goal_curve(rows, CORRUPT | options)
    return curve['rate'][min(range(len(curve['tau'])), key=lambda i: abs(curve['tau'][i] - tau))]


def test_a_share_of_the_joints_decides_and_no_mean():
    # The mean joint of all three samples is 0.01 from its place.
    assert goal_curve(ROWS, CORRUPT)['n'] == 3
    assert rate(ROWS, 0.2) == pytest.approx(2 / 3)
    assert rate(ROWS, 0.17) == 1
    assert rate(ROWS, 0.28) == pytest.approx(1 / 3)
    strict = [dict(one, success=False) for one in ROWS]
    assert rate(strict, 0.2, share=1.0) == 0
    assert rate(strict, 0.12, share=1.0) == pytest.approx(1 / 3)
    assert rate(strict, 0.16, share=None) == pytest.approx(2 / 3)


def test_the_own_threshold_is_on_the_curve_though_the_grid_has_it_not():
    curve = goal_curve([row([0.1234, 0.0], True)], CORRUPT | {'tau': 0.12345 - 1e-4})
    assert curve['rate'][curve['tau'].index(curve['own'])] == 1


def test_without_annotation_every_joint_is_measured_from_the_prediction():
    bare = {'clean_joint_errors': [None] * 3, 'flags': ['no_annotation']}
    curve = goal_curve([row([0.3, 0.0], True, **bare)], CORRUPT | {'reference': 'prediction'})
    assert 'clean prediction' in curve['rule']
    assert rate([row([0.3, 0.0], True, **bare)], 0.2) == 1
    # With an annotation the joint without a label does not count.
    assert rate([row([0.3, 0.0], True)], 0.4, reference='prediction') == 0


def test_persons_of_a_picture_are_one_sample():
    persons = [row([0.3, 0.3], None), row([0.0, 0.3], None), row([0.0, 0.0], None)]
    picture = row([0.1, 0.2], True, by_person=persons)
    assert rate([picture], 0.2) == 1
    assert rate([picture], 0.31) == 0


def test_targets_are_reached_below_the_threshold():
    rows = [row([0, 0], near, target_error=far) for near, far in ((True, 0.05), (False, 0.3))]
    curve = goal_curve([*rows, row([0, 0], False, target_error=None)], AIMED)
    rates = dict(zip(curve['tau'], curve['rate'], strict=True))
    assert rates[0.1] == pytest.approx(1 / 3)
    assert rates[0.5] == pytest.approx(2 / 3)


def test_the_verdict_of_the_run_stands_where_two_looks_differ():
    near = [row([0.199, 0.0], True), row([0.201, 0.0], False)]
    assert rate(near, 0.2) == 0.5
    lost = row([0.4, 0.4], False, flags=['scores_disagree'])
    assert rate([ROWS[0], lost], 0.2) == 0.5
    assert rate([row([None, 0.4], False)], 0.0) == 0


@pytest.mark.parametrize(
    ('goal', 'rows'),
    [
        (CORRUPT | {'unit': 'pixel'}, ROWS),
        (CORRUPT | {'type': 'CorruptPersons'}, ROWS),
        ({}, ROWS),
        (CORRUPT, []),
        (CORRUPT, [row([0.4, 0.4], False)]),
        (AIMED, [row([0, 0], True, target_error=0.05, by_person=ROWS)]),
    ],
)
def test_what_rows_do_not_say_is_not_drawn_as_success(goal, rows):
    assert goal_curve(rows, goal) is None
    if rows:
        plot = tau_curve({'attack': {'goal': goal}}, rows)
        assert plot.title == 'Mean joint over the threshold'
        assert 'Dashed' not in plot.note
