"""Intervals by resampling: how often they cover the truth, and when there are none."""

import numpy as np

from mmrobust.functional.bootstrap import NOTHING, bootstrap, contrast, median


def test_the_interval_covers_the_mean_nineteen_times_in_twenty():
    rng = np.random.default_rng(0)
    hits = []
    for _ in range(300):
        low, high = bootstrap(list(rng.normal(size=8)))
        hits.append(low < 0 < high)
    assert 0.88 < np.mean(hits) < 0.98


def test_groups_of_three_are_too_few():
    assert contrast([1, 1, 1], [0, 0, 0]) == (-np.inf, np.inf)
    low, _ = contrast([1.0, 1.1, 1.2, 1.3], [0.0, 0.1, 0.2, 0.3])
    assert low > 0


def test_of_five_values_nothing_is_known():
    assert bootstrap([1.0] * 5) == NOTHING
    assert bootstrap([1.0] * 6) == (1.0, 1.0)


def test_another_statistic_is_resampled_likewise():
    # One value far out draws the mean's interval, the median's not.
    values = [1.0] * 11 + [1000.0]
    assert bootstrap(values, median) == (1.0, 1.0)
    assert bootstrap(values)[1] > 100


def test_the_interval_is_the_same_every_time():
    values = [0.0, 1.0, 5.0, 2.0, 8.0, 3.0]
    assert bootstrap(values) == bootstrap(values)
