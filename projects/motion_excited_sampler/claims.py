"""The paper's claims, as measured: held, did not hold, or undecided.

Every rule is a quantity that should be above zero. The verdict follows from its
95 % interval (videos are resampled, arms compared on the same videos): all of
it lies on one side of zero, or the videos do not decide.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import mean

import numpy as np

from mmrobust.evaluation.claims import Claim, table
from mmrobust.functional.bootstrap import bootstrap, contrast, median
from projects.motion_excited_sampler.arms import ARMS
from projects.motion_excited_sampler.measure import Arm, ByVideo, differences, means

Arms = Mapping[str, Arm]
# The task is not too easy: median queries of an arm, and what two steps cost.
EASY = 300
TWO_STEPS = 6
# Nor too hard: where nearly all fail, all arms are equal.
HARD = 0.5
ORDER = (('one_noise', 'sparked'), ('multi_noise', 'one_noise'))


def claims(goals: Mapping[str, Arms], motion: Mapping[int, float]) -> str:
    """All claims on one victim as a Markdown table.

    Args:
        goals: Goal -> arm -> what was measured.
        motion: Mean motion of a video, pixels per frame, by its index.
    """
    found = [*hard('untargeted', goals), *hard('targeted', goals)]
    for goal in ('untargeted', 'targeted'):
        found += queries(goal, goals[goal])
    found += cosines(goals['cosine'])
    found.append(fades(goals['untargeted'], motion))
    return table(found)


def hard(goal: str, goals: Mapping[str, Arms]) -> list[Claim]:
    """The task is neither too easy nor too hard, or the order of the arms means little."""
    arms = {arm: goals[goal][arm] for arm in ARMS if goals[goal][arm].success}
    if not arms:
        return []
    capped = {arm: list(means(found.capped).values()) for arm, found in arms.items()}
    middle = {arm: float(np.median(values)) for arm, values in capped.items()}
    least = min(middle, key=lambda arm: middle[arm])
    low, high = bootstrap(capped[least], median)
    used = [line['queries'] for found in arms.values() for line in found.lines if line['success']]
    early = sum(queries <= TWO_STEPS for queries in used)
    if early:
        low, high = -early, -early
    rates = {arm: list(means(found.success).values()) for arm, found in arms.items()}
    best = max(rates, key=lambda arm: mean(rates[arm]))
    few, many = bootstrap(rates[best])
    return [
        Claim(
            f'{goal}: the task is not too easy',
            f'least median of the arms less {EASY} queries; nothing fooled in two steps',
            f'{least} {middle[least]:.0f} queries; {early} of {len(used)} fooled in two steps',
            (low, high) if early else (low - EASY, high - EASY),
        ),
        Claim(
            f'{goal}: the task is not too hard',
            f'highest success rate of the arms less {HARD:g}',
            f'{best} {100 * mean(rates[best]):.0f} % (n = {len(rates[best])} videos)',
            (few - HARD, many - HARD),
        ),
    ]


def queries(goal: str, arms: Arms) -> list[Claim]:
    """The better sampler asks less; failures count with the whole budget."""
    found = []
    for slow, fast in ORDER:
        saved = differences(arms[slow].capped, arms[fast].capped)
        silent = len(saved.keys() - decided(arms[slow], arms[fast]))
        words = _pair(arms[fast].capped, arms[slow].capped, fast, slow, '.0f', len(saved))
        found.append(
            Claim(
                f'{goal}: {fast} < {slow} in queries',
                'queries saved per video, failures capped',
                f'{words}; {silent} never fooled by either',
                bootstrap(list(saved.values())),
            )
        )
    return found


def cosines(arms: Arms) -> list[Claim]:
    """The better sampler's estimate is nearer to the true gradient, after equally many rounds."""
    found = []
    for bad, good in ORDER:
        gained = differences(arms[good].cosine, arms[bad].cosine)
        found.append(
            Claim(
                f'gradient cosine: {good} > {bad}',
                'cosine gained per video',
                _pair(arms[good].cosine, arms[bad].cosine, good, bad, '.4f', len(gained)),
                bootstrap(list(gained.values())),
            )
        )
    return found


def fades(arms: Arms, motion: Mapping[int, float]) -> Claim:
    """What moves little gains little.

    Ratios, for a video that is harder altogether would save more queries, too; and only
    videos that one of both fools at all, for the others save nothing whatever they move.
    """
    slow, fast = (means(arms[name].capped) for name in ('one_noise', 'sparked'))
    compared = decided(arms['one_noise'], arms['sparked'])
    saved = {video: math.log(slow[video] / fast[video]) for video in compared}
    order = sorted(saved, key=lambda video: motion[video])
    half = len(order) // 2
    lower, upper = order[:half], order[len(order) - half :]
    groups = [[saved[video] for video in group] for group in (upper, lower)]
    words = [
        f'x {math.exp(_mean(values)):.2f} at {_mean([motion[v] for v in group]):.2f} px, n = {half}'
        for values, group in zip(groups, (upper, lower), strict=True)
    ]
    return Claim(
        'the advantage of sparked over one_noise fades on near-static clips',
        'log of the ratio of queries, in the half that moves more less in the other',
        ' against '.join(words),
        contrast(*groups),
    )


def decided(one: Arm, other: Arm) -> set[int]:
    """The videos of both arms that at least one of them fools with some seed."""
    rates = [means(arm.success) for arm in (one, other)]
    return {video for video in rates[0].keys() & rates[1].keys() if any(r[video] for r in rates)}


def _pair(one: ByVideo, two: ByVideo, name: str, other: str, form: str, n: int) -> str:
    a, b = (_mean(list(means(values).values())) for values in (one, two))
    return f'{name} {a:{form}}, {other} {b:{form}} (n = {n} videos)'


def _mean(values: list[float]) -> float:
    return mean(values) if values else math.nan
