"""What attacks did to poses, sample by sample, and one attack beside another.

Intervals come from resampling the samples; those of rates are Wilson's and
Newcombe's. Distances are in shares of the longer side of the person's box.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmrobust.evaluation.estimates import Measurement, averaged
from mmrobust.functional.bootstrap import DIFFERENCE, NOTHING, PAIRS, SHARE, Limits
from mmrobust.functional.interval import newcombe_paired, wilson


@dataclass(frozen=True)
class Sample:
    """One attacked sample.

    Attributes:
        success: The goal is reached, after rounding.
        rmse: Of the change, grey levels.
        clean_pck: Share of its labelled joints that are right, clean.
        pck: Likewise attacked.
        clean_error: Mean distance from the annotation, clean.
        error: Likewise attacked.
        target_error: Mean distance from the target; None without one.
        clean_target_error: Likewise of the clean prediction.
        density: Share of the values that were free to change; None without a mask.
    """

    success: bool
    rmse: float
    clean_pck: float
    pck: float
    clean_error: float
    error: float
    target_error: float | None = None
    clean_target_error: float | None = None
    density: float | None = None

    @property
    def lost_pck(self) -> float:
        """PCK that the attack took."""
        return self.clean_pck - self.pck

    @property
    def moved(self) -> float:
        """Error that the attack added."""
        return self.error - self.clean_error


# What numbers of a sample can be, where they have two ends.
WITHIN: Mapping[str, Limits] = {
    'pck': SHARE,
    'clean_pck': SHARE,
    'density': SHARE,
    'lost_pck': DIFFERENCE,
}
# Index in the test set -> what happened.
Samples = Mapping[int, Sample]


def samples_of(lines: Iterable[Mapping[str, Any]], within: float) -> Samples:
    """From lines of a ledger.

    A sample whose clean prediction is at the target already is left out: it
    succeeds without a change, and says nothing of an attack.

    Args:
        lines: Of attacked samples.
        within: A joint is right this near to its annotation.
    """
    return {
        line['index']: Sample(
            success=line['success'],
            rmse=line['rmse'],
            clean_pck=_right(line['clean_joint_errors'], within),
            pck=_right(line['adversarial_joint_errors'], within),
            clean_error=line['clean_error'],
            error=line['adversarial_error'],
            target_error=line.get('target_error'),
            clean_target_error=line.get('clean_target_error'),
            density=line['measures'].get('density'),
        )
        for line in lines
        if not (line['success'] and line['l2'] == 0) and line['clean_pck'] is not None
    }


def average_of(samples: Samples, key: str) -> Measurement:
    """The mean of a number over the samples that have it, with its interval."""
    numbers = [getattr(sample, key) for sample in samples.values()]
    known = [number for number in numbers if number is not None]
    return averaged(known, WITHIN.get(key, NOTHING))


def rate(samples: Samples) -> Measurement:
    """Success rate with its Wilson interval."""
    hits, n = _hits(samples)
    return Measurement(hits / n if n else math.nan, wilson(hits, n), n)


def gained(one: Samples, other: Samples) -> Measurement:
    """Success rate less another's, on the samples of both; Newcombe's paired interval.

    None below six samples: its limits are those of many.
    """
    left, right = common(one, other)
    pairs = Counter((left[index].success, right[index].success) for index in left)
    cells = [pairs[a, b] for a in (True, False) for b in (True, False)]
    n = len(left)
    value = (cells[1] - cells[2]) / n if n else math.nan
    return Measurement(value, newcombe_paired(*cells) if n >= PAIRS else NOTHING, n)


def both_successful(one: Samples, other: Samples) -> tuple[list[float], list[float]]:
    """The RMSE of both on the samples where both succeed."""
    left, right = common(one, other)
    both = [index for index in left if left[index].success and right[index].success]
    return [left[index].rmse for index in both], [right[index].rmse for index in both]


def smaller(one: Samples, other: Samples) -> Measurement:
    """How many more samples one changes less than the other does, than the other way round.

    Of the samples that either fools; who fails needs more than anything. Unlike
    a ratio of means where both succeed, this does not look away where one of both fails.
    """
    left, right = common(one, other)
    pairs = [(left[i], right[i]) for i in left if left[i].success or right[i].success]
    needs = [[s.rmse if s.success else math.inf for s in pair] for pair in pairs]
    return averaged([float(a < b) - float(a > b) for a, b in needs], DIFFERENCE)


def common(one: Samples, other: Samples) -> tuple[Samples, Samples]:
    """The samples of both, in one order."""
    both = sorted(one.keys() & other.keys())
    return {index: one[index] for index in both}, {index: other[index] for index in both}


def _right(errors: Sequence[float | None], within: float) -> float:
    """The share of the labelled joints that are near enough."""
    known = [error for error in errors if error is not None]
    return sum(error <= within for error in known) / len(known)


def _hits(samples: Samples) -> tuple[int, int]:
    return sum(sample.success for sample in samples.values()), len(samples)
