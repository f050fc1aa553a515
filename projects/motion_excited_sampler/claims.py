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
from projects.motion_excited_sampler.measure import Arm, ByVideo, differences, means

Arms = Mapping[str, Arm]
# The task is not too easy: median queries of an arm, and what two steps cost.
EASY = 300
TWO_STEPS = 6
ORDER = (('one_noise', 'sparked'), ('multi_noise', 'one_noise'))


def claims(goals: Mapping[str, Arms], motion: Mapping[int, float]) -> str:
    """All claims on one victim as a Markdown table.

    Args:
        goals: Goal -> arm -> what was measured.
        motion: Mean motion of a video, pixels per frame, by its index.
    """
    found = [hard(goals['untargeted'])]
    for goal in ('untargeted', 'targeted'):
        found += queries(goal, goals[goal])
    found += cosines(goals['cosine'])
    found.append(fades(goals['untargeted'], motion))
    return table(found)


def hard(arms: Arms) -> Claim:
    """The task is not too easy, or the order of the arms means little."""
    capped = {arm: list(means(arms[arm].capped).values()) for arm in ('multi_noise', *_others())}
    middle = {arm: float(np.median(values)) for arm, values in capped.items() if values}
    least = min(middle, key=lambda arm: middle[arm])
    low, high = bootstrap(capped[least], median)
    used = [line['queries'] for a in middle for line in arms[a].lines if line['success']]
    early = sum(queries <= TWO_STEPS for queries in used)
    if early:
        low, high = -early, -early
    return Claim(
        'the task is not too easy',
        f'least median of the arms less {EASY} queries; nothing fooled in two steps',
        f'{least} {middle[least]:.0f} queries; {early} of {len(used)} fooled in two steps',
        (low, high) if early else (low - EASY, high - EASY),
    )


def queries(goal: str, arms: Arms) -> list[Claim]:
    """The better sampler asks less; failures count with the whole budget."""
    found = []
    for slow, fast in ORDER:
        saved = differences(arms[slow].capped, arms[fast].capped)
        found.append(
            Claim(
                f'{goal}: {fast} < {slow} in queries',
                'queries saved per video, failures capped',
                _pair(arms[fast].capped, arms[slow].capped, fast, slow, '.0f', len(saved)),
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
    """What moves little gains little."""
    saved = differences(arms['one_noise'].capped, arms['sparked'].capped)
    order = sorted(saved, key=lambda video: motion[video])
    half = len(order) // 2
    lower, upper = order[:half], order[len(order) - half :]
    groups = [[saved[video] for video in group] for group in (upper, lower)]
    words = [
        f'{_mean(values):+.0f} queries at {_mean([motion[v] for v in group]):.2f} px (n = {half})'
        for values, group in zip(groups, (upper, lower), strict=True)
    ]
    return Claim(
        'the advantage of sparked over one_noise fades on near-static clips',
        'queries saved in the half that moves more, less those in the other',
        ' against '.join(words),
        contrast(*groups),
    )


def _others() -> list[str]:
    return ['one_noise', 'sparked', 'geometric']


def _pair(one: ByVideo, two: ByVideo, name: str, other: str, form: str, n: int) -> str:
    a, b = (_mean(list(means(values).values())) for values in (one, two))
    return f'{name} {a:{form}}, {other} {b:{form}} (n = {n} videos)'


def _mean(values: list[float]) -> float:
    return mean(values) if values else math.nan
