"""Attacks carried over to other recognisers, summed over videos.

White box and transfer are compared on the samples that both victims classify right.
Shapes: E budgets, V videos, D draws.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmrobust.evaluation.clusters import Quantity, Rows, interval, share, video_of
from mmrobust.functional.bootstrap import DIFFERENCE, Limits, Numbers


@dataclass(frozen=True)
class Carried:
    """One attack, white box and on one target, summed over videos.

    Attributes:
        both: Samples (E, V) that both victims classify right.
        white: Of them those that fool the source (E, V).
        target: Of them those that fool the target (E, V).
    """

    both: Numbers
    white: Numbers
    target: Numbers

    def rates(self, drawn: Numbers | None = None) -> tuple[Numbers, Numbers]:
        """Success rates (D, E), white box and on the target."""
        drawn = np.ones((1, self.both.shape[1])) if drawn is None else drawn
        return share(drawn, self.white, self.both), share(drawn, self.target, self.both)

    def pooled(self, drawn: Numbers) -> Numbers:
        """White-box rate less that on the target (D,), over all budgets."""
        hits = [side.sum(0, keepdims=True) for side in (self.white, self.target)]
        one, two = (share(drawn, side, self.both.sum(0)) for side in hits)
        return (one - two)[:, 0]

    def interval(self, quantity: Quantity) -> Limits:
        """95 % interval of a quantity of the drawn videos."""
        return interval(self.both.shape[1], quantity, DIFFERENCE)

    def lost(self, drawn: Numbers) -> Numbers:
        """White-box rate less that on the target (D, E)."""
        white, target = self.rates(drawn)
        return white - target

    def growth(self, drawn: Numbers) -> Numbers:
        """How much more the target is fooled at the largest budget than at the smallest (D,)."""
        target = self.rates(drawn)[1]
        return target[:, -1] - target[:, 0]

    @property
    def videos(self) -> int:
        """How many videos have a sample that both classify right."""
        return int((self.both.sum(0) > 0).sum())


def carried(rows: Rows, source: str) -> dict[str, Carried]:
    """Target -> what was measured on it, from a ledger with one attack."""
    good = [row for row in rows if row['error'] is None]
    eps = sorted({row['eps'] for row in good})
    videos = sorted({video_of(row) for row in good})
    seen = {}
    for row in good:
        for target, verdict in row['targets'].items():
            seen[row['eps'], row['sample'], target] = row, verdict
    found = {}
    for target in sorted({name for _, _, name in seen} - {source}):
        sums = np.zeros((3, len(eps), len(videos)))
        for (budget, sample, name), (row, verdict) in seen.items():
            if name == target and verdict['right'] and row['source_right']:
                white = seen[budget, sample, source][1]
                place = eps.index(budget), videos.index(video_of(row))
                sums[(slice(None), *place)] += 1, white['success'], verdict['success']
        found[target] = Carried(*sums)
    return found
