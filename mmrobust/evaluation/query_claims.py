"""Claims that compare arms of query attacks on the same videos."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import mean

from mmrobust.evaluation.arms import Arm, ByVideo, differences, least_median, mean_of, means
from mmrobust.evaluation.claims import Claim
from mmrobust.functional.bootstrap import SHARE, bootstrap

Arms = Mapping[str, Arm]
# The task is not too easy: median queries of an arm, and what two steps cost.
EASY = 300
TWO_STEPS = 6
# Nor too hard: where nearly all fail, all arms are equal.
HARD = 0.5


def neither_easy_nor_hard(goal: str, arms: Arms, name: str) -> list[Claim]:
    """The task is neither too easy nor too hard, or the order of the arms means little.

    Args:
        goal: Begins the claims.
        arms: Those whose order is claimed.
        name: Of all of them.
    """
    arms = {arm: found for arm, found in arms.items() if found.success}
    if not arms:
        return []
    place, middle, (low, high) = least_median([found.capped for found in arms.values()])
    least = list(arms)[place]
    used = [line['queries'] for found in arms.values() for line in found.lines if line['success']]
    early = sum(queries <= TWO_STEPS for queries in used)
    if early:
        low, high = -early, -early
    rates = {arm: list(means(found.success).values()) for arm, found in arms.items()}
    best = max(rates, key=lambda arm: mean(rates[arm]))
    few, many = bootstrap(rates[best], SHARE)
    return [
        Claim(
            f'{goal}: the task is not too easy',
            f'least median of {name} less {EASY} queries; nothing fooled in two steps',
            f'{least} {middle:.0f} queries; {early} of {len(used)} fooled in two steps',
            (low, high) if early else (low - EASY, high - EASY),
        ),
        Claim(
            f'{goal}: the task is not too hard',
            f'highest success rate of the arms less {HARD:g}',
            f'{best} {100 * mean(rates[best]):.0f} % (n = {len(rates[best])} videos)',
            (few - HARD, many - HARD),
        ),
    ]


def fewer_queries(goal: str, arms: Arms, fast: str, slow: str) -> Claim:
    """One arm asks less than another; failures count with the whole budget."""
    saved = differences(arms[slow].capped, arms[fast].capped)
    silent = len(saved.keys() - decided(arms[slow], arms[fast]))
    words = _pair(arms[fast].capped, arms[slow].capped, fast, slow, '.0f', len(saved))
    return Claim(
        f'{goal}: {fast} < {slow} in queries',
        'queries saved per video, failures capped',
        f'{words}; {silent} never fooled by either',
        bootstrap(list(saved.values())),
    )


def nearer_gradient(arms: Arms, good: str, bad: str) -> Claim:
    """One arm's estimate of the gradient is nearer to the true one than another's."""
    gained = differences(arms[good].cosine, arms[bad].cosine)
    return Claim(
        f'gradient cosine: {good} > {bad}',
        'cosine gained per video',
        _pair(arms[good].cosine, arms[bad].cosine, good, bad, '.4f', len(gained)),
        bootstrap(list(gained.values())),
    )


def decided(one: Arm, other: Arm) -> set[int]:
    """The videos of both arms that at least one of them fools with some seed."""
    rates = [means(arm.success) for arm in (one, other)]
    return {video for video in rates[0].keys() & rates[1].keys() if any(r[video] for r in rates)}


def _pair(one: ByVideo, two: ByVideo, name: str, other: str, form: str, n: int) -> str:
    a, b = (mean_of(list(means(values).values())) for values in (one, two))
    return f'{name} {a:{form}}, {other} {b:{form}} (n = {n} videos)'
