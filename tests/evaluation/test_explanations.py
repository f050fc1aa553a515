"""Means of explanations over samples."""

import pytest

from mmrobust.evaluation.explanations import explained, gains, mean_curve


def side(deletion: float, empty: bool = False) -> dict:
    areas = {'deletion': deletion, 'insertion': 1 - deletion}
    random = {'deletion': 0.5, 'insertion': 0.4}
    curves = {'deletion': [1.0, deletion], 'insertion': [deletion, 1.0]}
    method = {**curves, **gains(areas, random), 'areas': areas, 'empty': empty}
    chance = {'deletion': [1.0, 0.0], 'insertion': [0.0, 1.0], 'areas': random}
    return {'methods': {'gradient': method}, 'random': chance}


def test_gains_are_above_zero_where_less_is_left_and_more_is_there():
    found = gains({'deletion': 0.1, 'insertion': 0.7}, {'deletion': 0.4, 'insertion': 0.5})
    assert found == pytest.approx({'deletion_gain': 0.3, 'insertion_gain': 0.2})


def test_means_and_intervals_are_those_of_the_samples_of_a_side():
    samples = [{'clean': side(n / 10, n == 3)} for n in range(7)]
    samples[2]['adversarial'] = side(0.9)
    found = explained(samples)
    clean = found['clean']['gradient']
    assert clean['n'] == 7
    assert clean['empty'] == 1
    assert clean['deletion'] == pytest.approx(0.3)
    assert clean['deletion_gain'] == pytest.approx(0.2)
    assert clean['insertion_gain'] == pytest.approx(0.3)
    assert clean['deletion_gain_low'] < 0.2 < clean['deletion_gain_high']
    adversarial = found['adversarial']['gradient']
    assert adversarial['n'] == 1
    assert adversarial['deletion_gain'] == pytest.approx(-0.4)
    assert adversarial['deletion_gain_low'] is None


def test_sides_that_no_sample_has_are_left_out():
    assert set(explained([{'clean': side(0.2)}])) == {'clean'}


def test_curves_are_averaged_point_by_point():
    samples = [{'clean': side(0.2)}, {'clean': side(0.6)}]
    assert mean_curve(samples, 'clean', 'gradient', 'deletion') == pytest.approx([1, 0.4])
    assert mean_curve(samples, 'clean', None, 'insertion') == [0, 1]
