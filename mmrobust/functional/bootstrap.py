"""Intervals by resampling, for numbers of which no distribution is known.

The unit that is resampled must be independent: a video with all its seeds, not
each run of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Limits = tuple[float, float]
Numbers = NDArray[np.float64]
NOTHING: Limits = (-math.inf, math.inf)
DRAWS = 4000
# With fewer pairs, even a difference of one sign in all of them has a chance
# of more than 5 % (two sides): 2 / 2**5.
PAIRS = 6


def bootstrap(
    values: Sequence[float], statistic: Callable[[Numbers], Numbers] | None = None
) -> Limits:
    """95 % bootstrap interval of the mean, or of another statistic along the last axis.

    Percentiles of resampled values, widened about their middle: by n / (n - 1), for a
    resampled variance is too small by that, and as Student's distribution is wider
    than the normal one, for the variance is estimated. Nothing is known below six values.

    SciPy's BCa interval is no substitute: of 1000 samples of eight normal values it covers
    the mean in 873, this one in 940; ``tests/functional/test_bootstrap.py`` counts both.
    """
    n = len(values)
    if n < PAIRS:
        return NOTHING
    wider = math.sqrt(n / (n - 1)) * _student(n - 1)
    return _limits(_resampled(values, statistic or _mean), wider)


def _mean(values: Numbers) -> Numbers:
    found: Numbers = values.mean(axis=-1)
    return found


def _student(freedom: float) -> float:
    """How much further out than the normal one's Student's 97.5 % quantile is."""
    from scipy.stats import norm, t

    return float(t.ppf(0.975, freedom) / norm.ppf(0.975))


def _limits(found: Numbers, wider: float) -> Limits:
    low, high = np.percentile(found, [2.5, 97.5])
    middle = (low + high) / 2
    return float(middle + wider * (low - middle)), float(middle + wider * (high - middle))


def _resampled(values: Sequence[float], statistic: Callable[[Numbers], Numbers]) -> Numbers:
    """The statistic of DRAWS samples with replacement; the same ones every time."""
    rng = np.random.default_rng(0)
    chosen = rng.integers(len(values), size=(DRAWS, len(values)))
    return statistic(np.asarray(values, dtype=np.float64)[chosen])
