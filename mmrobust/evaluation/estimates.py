"""Numbers with their 95 % intervals, and how these are written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

import numpy as np

from mmrobust.functional.bootstrap import (
    NOTHING,
    Limits,
    Numbers,
    Places,
    bootstrap,
    bootstrap_of,
)


@dataclass(frozen=True)
class Measurement:
    """A number with its 95 % interval and the samples behind it."""

    value: float
    limits: Limits
    n: int


def averaged(numbers: Sequence[float], within: Limits = NOTHING) -> Measurement:
    """A mean with its bootstrap interval.

    Args:
        numbers: Of independent samples.
        within: What one can be, such as SHARE or DIFFERENCE; where it has no end, numbers that
            are all alike have no interval.
    """
    value = mean(numbers) if numbers else math.nan
    return Measurement(value, bootstrap(numbers, within), len(numbers))


def ratio(upper: Sequence[float], lower: Sequence[float]) -> Measurement:
    """Mean of one over mean of the other, pairs resampled together."""
    above, below = np.asarray(upper, np.float64), np.asarray(lower, np.float64)

    def quotient(places: Places) -> Numbers:
        found: Numbers = above[places].mean(axis=-1) / below[places].mean(axis=-1)
        return found

    n = len(above)
    value = float(above.mean() / below.mean()) if n else math.nan
    return Measurement(value, bootstrap_of(n, quotient), n)


def shown(estimate: Measurement, form: str = '.2f', scale: float = 1.0) -> str:
    """Value, interval and n in words."""
    if math.isnan(estimate.value):
        return 'none'
    text = f'{scale * estimate.value:{form}}'
    if estimate.limits != NOTHING:
        low, high = (f'{scale * limit:{form}}' for limit in estimate.limits)
        text += f' ({low} to {high})'
    return f'{text}, n = {estimate.n}'
