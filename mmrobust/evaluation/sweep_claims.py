"""Claims on attacks at all budgets: accuracy falls, and few frames suffice."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from math import inf

import numpy as np

from mmrobust.evaluation.claims import Claim
from mmrobust.evaluation.clusters import Measured, interval, worst
from mmrobust.evaluation.markdown import percent
from mmrobust.evaluation.quantities import (
    drop,
    elbow,
    frames_trend,
    single_frames,
    whole_way,
)
from mmrobust.functional.bootstrap import DIFFERENCE, NOTHING, Numbers

# How far accuracies may be apart and still agree.
APART = 0.15


def falling_accuracy(part: str, attacks: Mapping[str, Measured], size: str) -> list[Claim]:
    """Accuracy falls with eps, most of all at the smallest, under every attack.

    Args:
        part: Begins the claims.
        attacks: By name, all with the same budgets.
        size: How much was measured, in words.
    """
    shown = '; '.join(f'{name} {_row(one.accuracies()[0])}' for name, one in attacks.items())
    steps = [
        one.interval(partial(drop, e=e))
        for one in attacks.values()
        for e in range(len(one.right) - 1)
    ]
    # No step up may be more than noise, and the whole way must be down.
    rise = min(high for _, high in steps)
    way = worst([one.interval(whole_way) for one in attacks.values()])
    first = ', '.join(_first_of_all(name, one) for name, one in attacks.items())
    return [
        Claim(
            f'{part} accuracy falls with eps',
            'from first to last; no step up beyond its interval',
            f'{shown} % ({size})',
            (rise, rise) if rise < 0 else way,
        ),
        Claim(
            f'{part} the elbow is at the smallest eps',
            'the first drop is above any other',
            f'{first} points ({size})',
            worst([one.interval(elbow) for one in attacks.values()]),
        ),
    ]


def few_frames(name: str, one: Measured, *, rises: bool) -> list[Claim]:
    """Two or three frames suffice, one is the most common; their number changes with eps.

    Args:
        name: Begins the claims.
        one: An attack that changes as few frames as it needs.
        rises: Whether larger budgets should need more frames, or fewer.
    """
    needed, counts = one.needed()[0], one.frames.sum(axis=(0, 2))
    total, single, other = counts.sum(), counts[0], max(counts[1:], default=0)
    few, many = one.interval(_needed, (1.0, inf))
    sign, word = (1, 'rises') if rises else (-1, 'falls')
    return [
        Claim(
            f'{name}: at most three frames suffice',
            '3 less the mean over successes',
            f'{needed[-1]:.2f} frames ({total:.0f} successes)',
            (3 - many, 3 - few),
        ),
        Claim(
            f'{name}: a single frame is the most common',
            'successes by one frame less those by the next most common number',
            f'{single:.0f} of {total:.0f} need one, {other:.0f} that number',
            one.interval(single_frames),
        ),
        Claim(
            f'{name}: FP {word} with eps',
            f'how much it {word}, last against first budget',
            ' '.join(f'{value:.2f}' for value in needed[:-1]),
            one.interval(partial(frames_trend, sign=sign), NOTHING),
        ),
    ]


def levels_agree(text: str, pairs: Mapping[str, tuple[Measured, Measured]], name: str) -> Claim:
    """Accuracies at two levels are not further apart than APART, on the same videos.

    Args:
        text: The claim.
        pairs: Attack -> one level and the other.
        name: Of what one has more than the other.
    """
    margins, details = [], []
    for attack, (one, other) in pairs.items():
        both = [video for video in other.videos if video in one.videos]
        rows = [[m.videos.index(video) for video in both] for m in (one, other)]
        first, second = (m.right[1:, r] / m.n[r] for m, r in zip((one, other), rows, strict=True))
        gaps = (first - second).mean(0)
        low, high = interval(len(both), partial(_mean, gaps), DIFFERENCE)
        nearest = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
        margins.append((APART - max(abs(low), abs(high)), APART - nearest))
        details.append(f'{attack} {100 * gaps.mean():+.1f}' if both else attack)
    return Claim(
        text,
        f'{100 * APART:.0f} points less the distance of the accuracies, means over eps',
        f'{name}: {", ".join(details)} points (n = {len(both)} videos)',
        worst(margins),
    )


def _mean(values: Numbers, drawn: Numbers) -> Numbers:
    found: Numbers = (drawn @ values) / drawn.sum(1)
    return found


def _row(values: Numbers) -> str:
    return ' '.join(percent(value) for value in values)


def _first_of_all(name: str, one: Measured) -> str:
    drops = -np.diff(one.accuracies()[0])
    return f'{name} {percent(drops[0])} of {percent(drops.sum())}'


def _needed(one: Measured, drawn: Numbers) -> Numbers:
    return one.needed(drawn)[:, -1]
