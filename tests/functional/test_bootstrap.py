"""Intervals by resampling: how often they cover the truth, and when there are none."""

import numpy as np
import pytest
import scipy.stats

from mmrobust.functional.bootstrap import NOTHING, bootstrap


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
    assert bootstrap([1.0] * 5) == NOTHING
    assert bootstrap([1.0] * 6) == (1.0, 1.0)


def test_another_statistic_is_resampled_likewise():
    # One value far out draws the mean's interval, the median's not.
    values = [1.0] * 11 + [1000.0]
    assert bootstrap(values, lambda drawn: np.median(drawn, axis=-1)) == (1.0, 1.0)
    assert bootstrap(values)[1] > 100


def test_the_interval_is_the_same_every_time():
    values = [0.0, 1.0, 5.0, 2.0, 8.0, 3.0]
    assert bootstrap(values) == bootstrap(values)
