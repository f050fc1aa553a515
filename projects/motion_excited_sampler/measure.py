"""What the runs measured, by video: seeds of one video are not independent.

Intervals come from resampling videos, each with all its seeds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

import numpy as np
from numpy.typing import NDArray

Limits = tuple[float, float]
Numbers = NDArray[np.float64]
# Index of a video -> a number for each seed.
ByVideo = Mapping[int, Sequence[float]]
NOTHING = (-math.inf, math.inf)
DRAWS = 4000
# With fewer pairs, even a difference of one sign in all of them has a chance
# of more than 5 % (two sides): 2 / 2**5.
PAIRS = 6
# Likewise for two groups: of the 20 ways to split six videos in halves, two are
# 10 %; of the 70 for eight, 3 %.
GROUP = 4


@dataclass(frozen=True)
class Arm:
    """One arm against one victim, all seeds.

    Attributes:
        budget: Queries per video.
        rows: By seed, the ledger's lines of the attacked videos.
        cards: By seed, the part ``query`` of the report.
    """

    budget: int
    rows: Mapping[int, Sequence[Mapping[str, Any]]]
    cards: Mapping[int, Mapping[str, Any]]

    def by_video(self, value: Callable[[Mapping[str, Any]], float | None]) -> ByVideo:
        """A number of every line, where it has one."""
        found: dict[int, list[float]] = {}
        for lines in self.rows.values():
            for line in lines:
                number = value(line)
                if number is not None:
                    found.setdefault(line['index'], []).append(number)
        return found

    def only(self, videos: set[int]) -> Arm:
        """What was measured on these videos."""
        kept = {
            s: [line for line in rows if line['index'] in videos] for s, rows in self.rows.items()
        }
        return Arm(self.budget, kept, self.cards)

    @property
    def lines(self) -> list[Mapping[str, Any]]:
        """Of all seeds."""
        return [line for lines in self.rows.values() for line in lines]

    @property
    def capped(self) -> ByVideo:
        """Queries; a failure counts with the whole budget."""
        return self.by_video(lambda line: line['queries'] if line['success'] else self.budget)

    @property
    def cosine(self) -> ByVideo:
        """Of the estimated and the true gradient, mean along the run."""
        return self.by_video(lambda line: line['measures'].get('gradient_cosine'))

    @property
    def success(self) -> ByVideo:
        """1 or 0."""
        return self.by_video(lambda line: float(line['success']))


def means(values: ByVideo) -> dict[int, float]:
    """The mean over the seeds of each video."""
    return {video: mean(numbers) for video, numbers in values.items()}


def differences(one: ByVideo, other: ByVideo) -> dict[int, float]:
    """One less the other by video, mean over the seeds; videos of both."""
    a, b = means(one), means(other)
    return {video: a[video] - b[video] for video in a if video in b}


def interval(
    values: Sequence[float], statistic: Callable[[Numbers], Numbers] | None = None
) -> Limits:
    """95 % bootstrap interval of the mean, or of another statistic along the last axis.

    Percentiles of resampled videos, widened about their middle as n / (n - 1)
    asks; nothing is known below six videos.
    """
    n = len(values)
    if n < PAIRS:
        return NOTHING
    return _limits(_resampled(values, statistic or _mean), n)


def contrast(upper: Sequence[float], lower: Sequence[float]) -> Limits:
    """95 % bootstrap interval of mean(upper) - mean(lower), groups resampled apart."""
    if min(len(upper), len(lower)) < GROUP:
        return NOTHING
    found = _resampled(upper, _mean) - _resampled(lower, _mean, seed=1)
    return _limits(found, min(len(upper), len(lower)))


def median(values: Numbers) -> Numbers:
    """Along the last axis."""
    found: Numbers = np.median(values, axis=-1)
    return found


def _mean(values: Numbers) -> Numbers:
    found: Numbers = values.mean(axis=-1)
    return found


def _limits(found: Numbers, n: int) -> Limits:
    low, high = np.percentile(found, [2.5, 97.5])
    middle, wider = (low + high) / 2, math.sqrt(n / (n - 1))
    return float(middle + wider * (low - middle)), float(middle + wider * (high - middle))


def _resampled(
    values: Sequence[float], statistic: Callable[[Numbers], Numbers], seed: int = 0
) -> Numbers:
    """The statistic of DRAWS samples with replacement; the same ones every time."""
    rng = np.random.default_rng(seed)
    chosen = rng.integers(len(values), size=(DRAWS, len(values)))
    return statistic(np.asarray(values, dtype=np.float64)[chosen])
