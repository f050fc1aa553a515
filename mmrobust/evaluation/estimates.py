"""Numbers with their 95 % intervals, and how these are written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

import numpy as np
from numpy.typing import NDArray

from mmrobust.functional.bootstrap import NOTHING, Limits, bootstrap


@dataclass(frozen=True)
class Measurement:
    """A number with its 95 % interval and the samples behind it."""

    value: float
    limits: Limits
    n: int


def averaged(numbers: Sequence[float]) -> Measurement:
    """A mean with its bootstrap interval."""
    return Measurement(mean(numbers) if numbers else math.nan, bootstrap(numbers), len(numbers))


def ratio(upper: Sequence[float], lower: Sequence[float]) -> Measurement:
    """Mean of one over mean of the other, pairs resampled together."""
    above, below = np.asarray(upper, np.float64), np.asarray(lower, np.float64)

    def statistic(places: NDArray[np.float64]) -> NDArray[np.float64]:
        rows = places.astype(int)
        found: NDArray[np.float64] = above[rows].mean(axis=-1) / below[rows].mean(axis=-1)
        return found

    n = len(above)
    value = float(above.mean() / below.mean()) if n else math.nan
    return Measurement(value, bootstrap(range(n), statistic), n)


def shown(estimate: Measurement, form: str = '.2f', scale: float = 1.0) -> str:
    """Value, interval and n in words."""
    if math.isnan(estimate.value):
        return 'none'
    text = f'{scale * estimate.value:{form}}'
    if estimate.limits != NOTHING:
        low, high = (f'{scale * limit:{form}}' for limit in estimate.limits)
        text += f' ({low} to {high})'
    return f'{text}, n = {estimate.n}'
