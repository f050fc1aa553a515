"""Samples cut from the same videos, and intervals of what is computed from them.

Several stacks are cut out of one video, and every budget and every attack has the
same stacks. Nothing of this is independent; the unit that is resampled is the
video, with all that was measured on it.
Shapes: E budgets, V videos, D draws of V videos with replacement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil, floor, isnan
from typing import Any

import numpy as np

from mmrobust.functional.bootstrap import (
    DIFFERENCE,
    NOTHING,
    Limits,
    Numbers,
    Places,
    bootstrap_of,
)
from mmrobust.functional.interval import wilson

Rows = Sequence[Mapping[str, Any]]
# Share of draws that may be undefined.
UNDEFINED = 0.05
# How often each video was drawn (D, V) -> one number per draw (D,).
Quantity = Callable[[Numbers], Numbers]
# A stack's name ends in its number in the video, or in its first frame.
STACK = re.compile(r'_\d+(\.mkv)?$')


@dataclass(frozen=True)
class Measured:
    """An attack at all budgets, summed over the stacks of each video.

    Attributes:
        videos: Names of the videos.
        n: Samples (V,).
        right: Classified right (E + 1, V), of the clean samples first.
        frames: Successes that needed 1, 2, ... frames (E, frames, V).
    """

    videos: tuple[str, ...]
    n: Numbers
    right: Numbers
    frames: Numbers

    def accuracies(self, drawn: Numbers | None = None) -> Numbers:
        """Accuracy (D, E + 1), clean first; of all videos once if ``drawn`` is None."""
        drawn = self.everything() if drawn is None else drawn
        return share(drawn, self.right, self.n)

    def needed(self, drawn: Numbers | None = None) -> Numbers:
        """Mean number of frames (D, E + 1) of a success, at every budget and over all."""
        drawn = self.everything() if drawn is None else drawn
        by_eps = np.concatenate([self.frames, self.frames.sum(0, keepdims=True)])
        numbers = np.arange(1, by_eps.shape[1] + 1)
        return share(drawn, np.einsum('efv,f->ev', by_eps, numbers), by_eps.sum(1))

    def everything(self) -> Numbers:
        """Every video drawn once."""
        return np.ones((1, len(self.videos)))

    def interval(
        self, quantity: Callable[[Measured, Numbers], Numbers], within: Limits = DIFFERENCE
    ) -> Limits:
        """95 % interval of a quantity of this and of the drawn videos; what it can be."""
        return interval(len(self.videos), partial(quantity, self), within)


def measured(by_eps: Sequence[Rows]) -> Measured:
    """Sums over videos of the rows (lines of the ledger) of every budget."""
    good = [[row for row in rows if row['error'] is None] for rows in by_eps]
    videos = tuple(sorted({video_of(row) for row in good[0]}))
    longest = max((row['frames'] for rows in good for row in rows), default=0)
    n, right = np.zeros(len(videos)), np.zeros((len(good) + 1, len(videos)))
    frames = np.zeros((len(good), max(1, longest), len(videos)))
    for e, rows in enumerate(good):
        for row in rows:
            v = videos.index(video_of(row))
            n[v] += e == 0
            right[0, v] += e == 0 and row['clean_correct']
            right[e + 1, v] += row['adversarial_correct']
            if row['success'] and row['frames']:
                frames[e, row['frames'] - 1, v] += 1
    return Measured(videos, n, right, frames)


def video_of(row: Mapping[str, Any]) -> str:
    """The video that a sample is cut from; folders of the data set left out."""
    return '/'.join(STACK.sub('', row['name']).split('/')[-2:])


def share(drawn: Numbers, hits: Numbers, of: Numbers) -> Numbers:
    """Hits (E, V) per tried (V,) or (E, V) in the drawn videos: (D, E); NaN for none."""
    tried = drawn @ np.broadcast_to(of, hits.shape).T
    with np.errstate(invalid='ignore', divide='ignore'):
        found: Numbers = drawn @ hits.T / tried
    return found


def interval(count: int, quantity: Quantity, within: Limits = NOTHING) -> Limits:
    """95 % bootstrap interval of a quantity of ``count`` videos.

    Draws in which it is undefined (a mean over no successes) are left out; nothing is
    known if these are more than ``UNDEFINED`` of them.

    Args:
        count: How many videos there are.
        quantity: Of how often each was drawn.
        within: What it can be.
    """

    def of_indices(indices: Places) -> Numbers:
        draws = len(indices)
        places = indices + count * np.arange(draws)[:, None]
        times = np.bincount(places.ravel(), minlength=draws * count).reshape(draws, count)
        found = quantity(times.astype(float))
        known = found[~np.isnan(found)]
        return known if len(known) >= (1 - UNDEFINED) * len(found) else np.full(1, np.nan)

    return bootstrap_of(count, of_indices, within)


def rate_limits(rate: float, videos: int) -> Limits:
    """Wilson's interval of a rate as if each video were one sample: wide, but not for nothing.

    For rates near 0 or 1, where resampling what is all alike says that all is certain.
    Of nothing (NaN), nothing is known.
    """
    if isnan(rate):
        return NOTHING
    hits = round(rate * videos, 9)
    return wilson(floor(hits), videos)[0], wilson(ceil(hits), videos)[1]


def worst(limits: Sequence[Limits]) -> Limits:
    """Limits of the least of several quantities, as far as their own limits tell."""
    return min(low for low, _ in limits), min(high for _, high in limits)
