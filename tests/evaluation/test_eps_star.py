"""Distances, curves and optimality, by hand."""

import math

import pytest

from mmrobust.evaluation.eps_star import (
    NORMS,
    distance,
    envelope,
    norm_of,
    optimality,
    places,
    points,
    robust_accuracy,
    run_line,
)
from mmrobust.functional.counting import UNITS
from mmrobust.threats import L0, L1, L2, Linf

INF = math.inf
# Wrong when clean, fooled at 2, at 4, never.
ONE, OTHER = [0.0, 2.0, 4.0, INF], [0.0, 4.0, INF, 6.0]


def row(attacked=True, success=True, **measures):
    return {
        'attacked': attacked,
        'success': success,
        'linf': 3.0,
        'l2': 50.0,
        'measures': measures,
    }


def test_the_distance_is_that_of_what_was_found():
    assert distance(row(), 'Linf') == 3
    assert distance(row(), 'L2') == 50
    assert distance(row(eps_star=1.5), 'L2') == 1.5
    assert distance(row(success=False, eps_star=1.5), 'Linf') == INF
    assert distance(row(attacked=False, success=False), 'Linf') == 0


def test_the_norm_is_that_of_the_ball_inside_masks():
    ball = {'type': 'L2', 'eps': 8}
    assert norm_of(ball) == 'L2'
    assert norm_of({'type': 'FrameMask', 'frames': [0], 'threat': ball}) == 'L2'
    assert norm_of(L0(3, unit='frame').describe()) == 'L0 frame'
    assert distance(row() | {'frames': 2}, 'L0 frame') == 2
    for threat in (Linf(), L2(), L1(), *(L0(unit=unit) for unit in UNITS)):
        assert norm_of(threat.describe()) in NORMS


@pytest.mark.parametrize(('eps', 'left'), [(0, 0.75), (1.9, 0.75), (2, 0.5), (4, 0.25), (99, 0.25)])
def test_a_sample_falls_at_its_distance(eps, left):
    assert robust_accuracy(ONE, eps) == left


def test_the_envelope_is_below_every_curve_and_falls():
    best = envelope([ONE, OTHER])
    assert best == [0, 2, 4, 6]
    budgets = places([ONE, OTHER, best])
    assert budgets == [0, 2, 4, 6]
    left = [robust_accuracy(best, eps) for eps in budgets]
    assert left == sorted(left, reverse=True) == [0.75, 0.5, 0.25, 0]
    for found in (ONE, OTHER):
        assert all(robust_accuracy(found, e) >= a for e, a in zip(budgets, left, strict=True))


def test_optimality_by_hand():
    best = envelope([ONE, OTHER])
    # Areas up to 6, times four: clean 18, envelope 12, and 12 and 16 of the runs.
    assert optimality(ONE, best) == 1
    assert optimality(OTHER, best) == pytest.approx(1 - 4 / 6)
    assert optimality(best, best) == 1
    assert optimality([0, INF, INF, INF], best) == 0
    assert optimality([0, INF], [0, INF]) is None
    # All fall at the end alone: whoever is there is as near as can be.
    assert optimality([3, 3], [3, 3]) == 1
    assert optimality([3, INF], [3, 3]) == 1


def test_what_is_said_of_a_run():
    best = envelope([ONE, OTHER])
    line = run_line('one', ONE, best, 12.5)
    assert line == {
        'run': 'one', 'n': 4, 'right': 3, 'fooled': 2, 'median': 4, 'closest': 2,
        'optimality': 1, 'calls': 12.5,
    }  # fmt: skip
    assert run_line('other', OTHER, best, None)['median'] == 6
    assert run_line('none', [0, INF], [0, INF], 1)['median'] is None
    assert run_line('wrong', [0], [0], 1)['right'] == 0


def test_points_have_intervals():
    (one,) = points(ONE, [2])
    assert one['eps'] == 2
    assert one['accuracy_low'] < one['accuracy'] == 0.5 < one['accuracy_high']
