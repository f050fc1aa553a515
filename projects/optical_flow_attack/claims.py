"""The paper's claims on white-box attacks: held, did not hold, or undecided.

Every rule is a quantity that is above zero if the claim holds. The verdict follows
from the quantity's 95 % interval: all of it lies on one side of zero, or the videos
do not decide. Videos are resampled with all their stacks, under all attacks and
budgets; fewer than six decide nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from mmrobust.evaluation.claims import Claim, table
from mmrobust.functional.bootstrap import Numbers
from projects.optical_flow_attack.claims_transfer import Carried, transfers
from projects.optical_flow_attack.samples import Measured, interval, rate_limits, worst
from projects.optical_flow_attack.tables import SHORT, percent

Level = Mapping[str, Measured]
# The paper's smallest budgets, of which (b) speaks.
EARLY = 0.0151 * 255
# How far the accuracies of (d) may be apart.
APART = 0.15


def claims(
    levels: Mapping[str, Level],
    moved: Mapping[str, Mapping[str, Carried]],
    eps: Sequence[float],
    classes: int,
) -> str:
    """The claims (a) to (e) as a Markdown table.

    Args:
        levels: ``stack`` and ``video`` -> attack -> what was measured.
        moved: Attack -> target -> what was measured.
        eps: The budgets of ``levels``, grey levels.
        classes: Number of classes.
    """
    stack, video = levels['stack'], levels['video']
    found = [*falls(stack), *ranking(stack, eps, classes), *few_frames(stack)]
    return table([*found, *follows(stack, video), *transfers(moved)])


def falls(stack: Level) -> list[Claim]:
    """(a) accuracy falls with eps, most of all at the smallest."""
    shown = '; '.join(f'{SHORT[a]} {row(stack[a].accuracies()[0])}' for a in SHORT)
    budgets = range(len(stack['OneShot'].right) - 1)
    steps = [stack[a].interval(partial(_drop, e=e)) for a in SHORT for e in budgets]
    # No step up may be more than noise, and the whole way must be down.
    rise = min(high for _, high in steps)
    way = worst([one.interval(_all_way) for one in stack.values()])
    first = ', '.join(_first_of_all(SHORT[a], stack[a]) for a in SHORT)
    return [
        Claim(
            '(a) accuracy falls with eps',
            'from first to last; no step up beyond its interval',
            f'{shown} % ({size(stack)})',
            (rise, rise) if rise < 0 else way,
        ),
        Claim(
            '(a) the elbow is at the smallest eps',
            'the first drop is above any other',
            f'{first} points ({size(stack)})',
            worst([one.interval(_elbow) for one in stack.values()]),
        ),
    ]


def ranking(stack: Level, eps: Sequence[float], classes: int) -> list[Claim]:
    """(b) RG far below it-sal, which is just below one-shot."""
    one, plain, fresh = (stack[attack] for attack in SHORT)
    means = {SHORT[a]: percent(_mean_accuracy(stack[a], None)[0]) for a in SHORT}
    shown = ', '.join(f'{name} {value} %' for name, value in means.items())
    early = [e for e, budget in enumerate(eps) if budget <= EARLY]
    level = float(fresh.accuracies()[0][1:][early].min()) if early else 1.0
    low, high = rate_limits(level, len(fresh.videos))
    return [
        Claim(
            '(b) RG << it-sal',
            'half of the mean accuracy over eps under it-sal less that under RG',
            f'{shown} ({size(stack)})',
            plain.interval(lambda m, w: _mean_accuracy(m, w) / 2 - _mean_accuracy(fresh, w)),
        ),
        Claim(
            '(b) it-sal <~ one-shot',
            'mean accuracy over eps under one-shot less that under it-sal',
            'as above',
            plain.interval(lambda m, w: _mean_accuracy(one, w) - _mean_accuracy(m, w)),
        ),
        Claim(
            '(b) RG reaches chance by eps 0.015',
            f'1/{classes} less the accuracy',
            f'{percent(level)} % ({size(stack)})',
            (1 / classes - high, 1 / classes - low),
        ),
    ]


def few_frames(stack: Level) -> list[Claim]:
    """(c) two or three frames suffice, one is the most common."""
    found = []
    for attack in list(SHORT)[1:]:
        one, name = stack[attack], SHORT[attack]
        needed, counts = one.needed()[0], one.frames.sum(axis=(0, 2))
        total, single, other = counts.sum(), counts[0], max(counts[1:], default=0)
        sign, word = (1, 'rises') if attack == 'IterativeSaliency' else (-1, 'falls')
        found += [
            Claim(
                f'(c) {name}: at most three frames suffice',
                '3 less the mean over successes',
                f'{needed[-1]:.2f} frames ({total:.0f} successes)',
                one.interval(_below_three),
            ),
            Claim(
                f'(c) {name}: a single frame is the most common',
                'successes by one frame less those by the next most common number',
                f'{single:.0f} of {total:.0f} need one, {other:.0f} that number',
                one.interval(_single),
            ),
            Claim(
                f'(c) {name}: FP {word} with eps',
                f'how much it {word}, last against first budget',
                ' '.join(f'{value:.2f}' for value in needed[:-1]),
                one.interval(partial(_trend, sign=sign)),
            ),
        ]
    return found


def follows(stack: Level, video: Level) -> list[Claim]:
    """(d) the video level follows the stack level, compared on the same videos."""
    margins, details = [], []
    for attack in SHORT:
        stacks, whole = stack[attack], video[attack]
        both = [v for v in whole.videos if v in stacks.videos]
        rows = [[m.videos.index(v) for v in both] for m in (stacks, whole)]
        one, two = (m.right[1:, r] / m.n[r] for m, r in zip((stacks, whole), rows, strict=True))
        gaps = (one - two).mean(0)
        low, high = interval(len(both), partial(_mean, gaps))
        nearest = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
        margins.append((APART - max(abs(low), abs(high)), APART - nearest))
        details.append(f'{SHORT[attack]} {100 * gaps.mean():+.1f}' if both else SHORT[attack])
    return [
        Claim(
            '(d) video level follows stack level',
            f'{100 * APART:.0f} points less the distance of the accuracies, means over eps',
            f'stack less video: {", ".join(details)} points (n = {len(both)} videos)',
            worst(margins),
        )
    ]


def size(level: Level) -> str:
    """'n = 53 stacks of 8 videos'."""
    one = level['OneShot']
    return f'n = {one.n.sum():.0f} stacks of {len(one.videos)} videos'


def row(values: Numbers) -> str:
    """Shares in per cent."""
    return ' '.join(percent(value) for value in values)


def _mean(values: Numbers, drawn: Numbers) -> Numbers:
    found: Numbers = (drawn @ values) / drawn.sum(1)
    return found


def _drop(one: Measured, drawn: Numbers, e: int) -> Numbers:
    accuracies = one.accuracies(drawn)
    return accuracies[:, e] - accuracies[:, e + 1]


def _all_way(one: Measured, drawn: Numbers) -> Numbers:
    accuracies = one.accuracies(drawn)
    return accuracies[:, 0] - accuracies[:, -1]


def _elbow(one: Measured, drawn: Numbers) -> Numbers:
    drops = -np.diff(one.accuracies(drawn), axis=1)
    return drops[:, 0] - drops[:, 1:].max(1)


def _first_of_all(name: str, one: Measured) -> str:
    drops = -np.diff(one.accuracies()[0])
    return f'{name} {percent(drops[0])} of {percent(drops.sum())}'


def _mean_accuracy(one: Measured, drawn: Numbers | None) -> Numbers:
    found: Numbers = one.accuracies(drawn)[:, 1:].mean(1)
    return found


def _below_three(one: Measured, drawn: Numbers) -> Numbers:
    return 3 - one.needed(drawn)[:, -1]


def _trend(one: Measured, drawn: Numbers, sign: int) -> Numbers:
    by_eps = one.needed(drawn)[:, :-1]
    found: Numbers = float(sign) * (by_eps[:, -1] - by_eps[:, 0])
    return found


def _single(one: Measured, drawn: Numbers) -> Numbers:
    """Per success; every number of frames over all budgets."""
    counts = drawn @ one.frames.sum(0).T
    others = counts[:, 1:].max(1) if counts.shape[1] > 1 else 0
    with np.errstate(invalid='ignore', divide='ignore'):
        found: Numbers = (counts[:, 0] - others) / counts.sum(1)
    return found
