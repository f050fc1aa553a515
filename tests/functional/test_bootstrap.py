"""Intervals by resampling: how often they cover the truth, and when there are none."""

import numpy as np
import pytest
import scipy.stats

from mmrobust.functional.bootstrap import DIFFERENCE, NOTHING, SHARE, bootstrap, bootstrap_of
from mmrobust.functional.interval import wilson


@pytest.mark.slow
@pytest.mark.parametrize('n', [6, 8, 30])
def test_the_interval_covers_the_mean_nineteen_times_in_twenty(n):
    rng = np.random.default_rng(0)
    limits = np.array([bootstrap(list(rng.normal(size=n))) for _ in range(1000)])
    hits = (limits[:, 0] < 0) & (limits[:, 1] > 0)
    # Three standard errors of 95 % in 1000.
    assert abs(hits.mean() - 0.95) < 0.021


@pytest.mark.slow
def test_scipys_interval_covers_the_mean_of_eight_values_less_often():
    def covers(low, high):
        return low < 0 < high

    rng = np.random.default_rng(0)
    samples = [rng.normal(size=8) for _ in range(1000)]
    bca = [
        scipy.stats.bootstrap((values,), np.mean, n_resamples=4000, method='BCa', rng=0)
        for values in samples
    ]
    assert sum(covers(*bootstrap(list(values))) for values in samples) == 940
    assert sum(covers(*found.confidence_interval) for found in bca) == 873


def test_of_five_values_nothing_is_known():
    assert bootstrap([0.0, 1.0, 0.0, 1.0, 0.0], SHARE) == NOTHING
    assert bootstrap([0.0, 1.0, 0.0, 1.0, 0.0, 1.0], SHARE) != NOTHING
    assert bootstrap([], SHARE) == NOTHING


def test_another_quantity_is_resampled_likewise():
    # One value far out draws the mean's interval, the median's not.
    values = np.array([1.0] * 11 + [1000.0])
    median = bootstrap_of(12, lambda places: np.median(values[places], axis=-1), (0.0, 2.0))
    assert median == pytest.approx((1 - wilson(0, 12)[1], 1 + wilson(0, 12)[1]))
    assert bootstrap(values)[1] > 100
    assert bootstrap_of(12, lambda places: values[places].mean(axis=-1)) == bootstrap(values)


@pytest.mark.parametrize('n', [6, 8, 30, 500])
def test_of_units_that_are_all_alike_the_interval_is_wilsons(n):
    assert bootstrap([0.0] * n, SHARE) == pytest.approx(wilson(0, n))
    assert bootstrap([1.0] * n, SHARE) == pytest.approx(wilson(n, n))
    width = wilson(0, n)[1]
    assert bootstrap([0.0] * n, DIFFERENCE) == pytest.approx((-width, width))
    assert bootstrap([1.0] * n, DIFFERENCE) == pytest.approx((1 - 2 * width, 1))
    # Numbers without an end: between none and twice as much.
    assert bootstrap([-3.0] * n) == pytest.approx((-3 - 3 * width, -3 + 3 * width))
    assert bootstrap([3.0] * n, (1.0, np.inf)) == pytest.approx((3 - 2 * width, 3 + 3 * width))
    assert bootstrap([0.0] * n) == NOTHING


def test_shares_that_none_of_eight_has_are_covered_as_often_as_wilson_says():
    # A share of one in ten: 43 % of samples of eight have none, and resampling alone says 0 to 0.
    rng = np.random.default_rng(0)
    samples = (rng.random((150, 8)) < 0.1).astype(float)
    hits = [low <= 0.1 <= high for low, high in (bootstrap(s, SHARE) for s in samples)]
    assert np.mean(hits) > 0.93


def test_numbers_that_differ_by_rounding_are_alike():
    values = [0.1 + 0.2, 0.3, 0.3, 0.3, 0.3, 0.3]
    low, high = bootstrap(values, SHARE)
    assert low < 0.2 < 0.5 < high
    assert np.subtract(*bootstrap([1e6 * value for value in values])) < -1e5
    assert bootstrap([value - 0.3 for value in values]) == NOTHING


def test_limits_end_where_a_quantity_does():
    values = [1.0] * 7 + [0.0]
    low, high = bootstrap(values)
    assert high > 1
    assert bootstrap(values, SHARE) == (low, 1.0)
    assert bootstrap([-value for value in values], DIFFERENCE) == pytest.approx((-1.0, -low))


def test_a_draw_without_a_number_leaves_nothing_known():
    def ratio(places):
        found = places.mean(axis=-1)
        found[7] = np.nan
        return found

    assert bootstrap_of(30, ratio, SHARE) == NOTHING


def test_the_interval_is_the_same_every_time():
    values = [0.0, 1.0, 5.0, 2.0, 8.0, 3.0]
    assert bootstrap(values) == bootstrap(values)
