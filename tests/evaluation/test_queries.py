"""Numbers of queries, each under its own name."""

import pytest

from mmrobust.evaluation.queries import cosine_curve, curve, query_summary

ATTACK = {'type': 'Square', 'budget': 100, 'query_batch': 8}


def row(queries, success, attacked=True, **more):
    timing = {'victim_seconds': 3.0, 'outside_seconds': 1.0, 'calls': queries / 4, 'asked': queries}
    return {
        'error': None,
        'attacked': attacked,
        'success': success,
        'queries': queries,
        'timing': timing,
        'measures': {},
    } | more


def test_means_and_medians_say_what_they_are_of():
    rows = [row(10, True), row(20, True), row(60, True), row(99, False), row(0, False, False)]
    rows.append({'error': 'broken', 'attacked': False})
    found = query_summary(rows, ATTACK)
    assert found['mean_success'] == 30
    assert found['median_success'] == 20
    assert found['mean_capped'] == (10 + 20 + 60 + 100) / 4
    assert found['median_capped'] == 40
    assert found['curve'] == [(0, 0.0), (10, 0.25), (20, 0.5), (60, 0.75)]
    assert found['outside_share'] == 0.25
    assert found['occupancy'] == pytest.approx(0.5)
    assert found['gradient_cosine'] is None


def test_two_successes_at_the_same_count_are_one_step():
    assert curve([5, 3, 5], 4) == [(0, 0.0), (3, 0.25), (5, 0.75)]
    assert curve([], 4) == [(0, 0.0)]
    assert curve([], 0) == []


def test_nothing_attacked_and_nothing_fooled():
    found = query_summary([row(0, False, False, timing={})], ATTACK)
    assert {found[k] for k in found if k not in ('budget', 'curve')} == {None}
    found = query_summary([row(100, False)], ATTACK)
    assert (found['mean_success'], found['median_success']) == (None, None)
    assert (found['mean_capped'], found['median_capped']) == (100, 100)


def test_cosines_are_averaged_over_the_samples_that_have_one():
    rows = [row(9, True, measures={'gradient_cosine': 0.2}), row(9, True)]
    rows.append(row(9, False, measures={'gradient_cosine': 0.4}))
    assert query_summary(rows, ATTACK)['gradient_cosine'] == pytest.approx(0.3)


def test_an_attack_without_a_budget_has_no_such_part():
    assert query_summary([row(3, True)], {'type': 'PGD'}) is None


def test_cosines_along_the_run_are_means_over_those_still_there():
    measures = [
        {'gradient_cosine': 0.3, 'gradient_cosine@2': 0.2, 'gradient_cosine@52': 0.4},
        {'gradient_cosine': 0.6, 'gradient_cosine@2': 0.6, 'other@7': 1.0},
        {},
    ]
    rows = [row(9, True, measures=each) for each in measures]
    rows.append(row(0, False, False, measures={'gradient_cosine@2': -1.0}))
    found = query_summary(rows, ATTACK)['cosine_curve']
    assert found == [(2, pytest.approx(0.4), 2), (52, 0.4, 1)]
    assert cosine_curve([row(9, True)]) is None
