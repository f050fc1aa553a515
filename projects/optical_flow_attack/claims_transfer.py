"""The paper's claim (e): what is left of the attacks on recognisers on other flow.

Rules and verdicts as in :mod:`projects.optical_flow_attack.claims`; white box and
transfer are compared on the samples that both victims classify right.
Shapes: E budgets, V videos, D draws.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from mmrobust.evaluation.claims import Claim
from mmrobust.functional.bootstrap import Limits, Numbers
from projects.optical_flow_attack.samples import (
    Quantity,
    Rows,
    interval,
    rate_limits,
    share,
    video_of,
    worst,
)
from projects.optical_flow_attack.tables import SHORT, percent

# Transfer is small at the smallest budget below this rate of success.
SMALL = 0.2


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


def transfers(moved: Mapping[str, Mapping[str, Carried]]) -> list[Claim]:
    """(e) transfer is weaker than white box; RG's lead shrinks under it."""
    found = [claim for attack, targets in moved.items() for claim in _carried(attack, targets)]
    pairs = {t: (moved['IterativeSaliencyRG'][t], moved['OneShot'][t]) for t in moved['OneShot']}
    limits, words = [], []
    for target, (strong, weak) in pairs.items():
        count = strong.both.shape[1]
        limits.append(interval(count, partial(_shrinks, strong, weak)))
        rates = zip(strong.rates(), weak.rates(), strict=True)
        white, other = (one[0, -1] - two[0, -1] for one, two in rates)
        words.append(f'{target} {percent(white)} to {percent(other)}')
    found.append(
        Claim(
            "(e) RG's lead over one-shot shrinks under transfer",
            'white-box lead less that on the target, at the largest eps, both targets',
            f'{", ".join(words)} points',
            worst(limits),
        )
    )
    return found


def _carried(attack: str, targets: Mapping[str, Carried]) -> list[Claim]:
    """(e) for one attack."""
    each = list(targets.values())
    shown = '; '.join(_row(name, one) for name, one in targets.items())
    budgets = range(each[0].both.shape[0])
    by_eps = [_interval(one, partial(_lost_at, one, e)) for one in each for e in budgets]
    # Equal at 0 or 1 is no violation: only a target fooled more often is.
    broken = min(high for _, high in by_eps)
    small = [rate_limits(one.rates()[1][0, 0], one.videos) for one in each]
    grows = [_interval(one, partial(_growth, one)) for one in each]
    return [
        Claim(
            f'(e) {SHORT[attack]}: transfer is weaker than white box',
            'white box less transfer over all eps; at no eps stronger beyond its interval',
            shown,
            (broken, broken) if broken < 0 else worst([_interval(m, m.pooled) for m in each]),
        ),
        Claim(
            f'(e) {SHORT[attack]}: transfer is small at low eps, clear at high',
            f'{100 * SMALL:.0f} % less the rate at the smallest eps; the rise to the largest',
            'as above',
            worst([(SMALL - high, SMALL - low) for low, high in small] + grows),
        ),
    ]


def _interval(one: Carried, quantity: Quantity) -> Limits:
    return interval(one.both.shape[1], quantity)


def _lost(one: Carried, drawn: Numbers) -> Numbers:
    white, target = one.rates(drawn)
    return white - target


def _lost_at(one: Carried, e: int, drawn: Numbers) -> Numbers:
    return _lost(one, drawn)[:, e]


def _growth(one: Carried, drawn: Numbers) -> Numbers:
    target = one.rates(drawn)[1]
    return target[:, -1] - target[:, 0]


def _shrinks(strong: Carried, weak: Carried, drawn: Numbers) -> Numbers:
    return (_lost(strong, drawn) - _lost(weak, drawn))[:, -1]


def _row(name: str, one: Carried) -> str:
    white, target = ([percent(rate) for rate in rates[0]] for rates in one.rates())
    n = one.both[0].sum()
    return f'{name} {" ".join(target)} against {" ".join(white)} % (n = {n:.0f})'
