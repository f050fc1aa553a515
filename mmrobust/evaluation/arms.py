"""What the runs measured, by video: seeds of one video are not independent.

Intervals resample videos, each with all its seeds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

import numpy as np

from mmrobust.functional.bootstrap import Limits, Numbers, Places, bootstrap_of

# Index of a video -> a number for each seed.
ByVideo = Mapping[int, Sequence[float]]


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

    def where(self, holds: Callable[[Mapping[str, Any]], bool]) -> Arm:
        """What was measured in the lines of which something holds."""
        kept = {s: [line for line in rows if holds(line)] for s, rows in self.rows.items()}
        return Arm(self.budget, kept, self.cards)

    def only(self, videos: set[int]) -> Arm:
        """What was measured on these videos."""
        return self.where(lambda line: line['index'] in videos)

    @property
    def under_way(self) -> Arm:
        """The searches that did set out from a clip of the target class (``attack.start``)."""
        return self.where(lambda line: 'start_not_target' not in line['flags'])

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


def mean_of(numbers: Sequence[float]) -> float:
    """The mean; NaN of nothing."""
    return mean(numbers) if numbers else math.nan


def as_one(one: Arm, other: Arm) -> tuple[int, int]:
    """In how many runs of both two arms did the same, query by query, and how many these are."""
    pairs = []
    for seed, lines in other.rows.items():
        known = {line['index']: line for line in one.rows[seed]}
        pairs += [(line, known[line['index']]) for line in lines if line['index'] in known]
    keys = ('success', 'queries', 'l2')
    return sum(all(a[key] == b[key] for key in keys) for a, b in pairs), len(pairs)


def least_median(arms: Sequence[ByVideo]) -> tuple[int, float, Limits]:
    """The least median of several arms over their runs: which, and how large.

    The interval resamples videos, each with all its seeds and in all arms, and looks for
    the least one anew: an arm that was chosen for being least is less by chance, too.

    Args:
        arms: Numbers of the same videos, as many of each.
    """
    videos = sorted(set.intersection(*(set(arm) for arm in arms)))
    numbers = np.array([[list(arm[video]) for video in videos] for arm in arms], np.float64)

    def statistic(places: Places) -> Numbers:
        drawn = numbers[:, places]
        found: Numbers = np.median(drawn.reshape(*drawn.shape[:-2], -1), axis=-1).min(axis=0)
        return found

    medians = np.median(numbers.reshape(len(arms), -1), axis=1)
    place = int(medians.argmin())
    return place, float(medians[place]), bootstrap_of(len(videos), statistic)


def slope(values: Mapping[int, float], against: Mapping[int, float]) -> tuple[float, Limits]:
    """How much values rise per unit of another number of their video; videos resampled."""
    videos = sorted(values)
    y = np.array([values[video] for video in videos], np.float64)
    x = np.array([against[video] for video in videos], np.float64)

    def statistic(places: Places) -> Numbers:
        a, b = x[places], y[places]
        a = a - a.mean(axis=-1, keepdims=True)
        spread = (a * a).sum(axis=-1)
        # Where all that was drawn moves alike, nothing is seen of a rise.
        found: Numbers = (a * b).sum(axis=-1) / np.where(spread > 0, spread, np.inf)
        return found

    everything = np.arange(len(videos))
    value = float(statistic(everything[None])[0]) if len(videos) > 1 else math.nan
    return value, bootstrap_of(len(videos), statistic)


def differences(one: ByVideo, other: ByVideo) -> dict[int, float]:
    """One less the other by video, mean over the seeds; videos of both."""
    a, b = means(one), means(other)
    return {video: a[video] - b[video] for video in a if video in b}
