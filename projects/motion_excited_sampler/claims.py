"""The paper's claims, as measured: held, did not hold, or undecided.

Every rule is a quantity that should be above zero. The verdict follows from its
95 % interval (videos are resampled, arms compared on the same videos): all of
it lies on one side of zero, or the videos do not decide.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import mean

from mmrobust.evaluation.arms import (
    Arm,
    ByVideo,
    differences,
    least_median,
    means,
    slope,
)
from mmrobust.evaluation.claims import Claim
from mmrobust.functional.bootstrap import NOTHING, bootstrap
from projects.motion_excited_sampler.arms import ARMS

Arms = Mapping[str, Arm]
# The task is not too easy: median queries of an arm, and what two steps cost.
EASY = 300
TWO_STEPS = 6
# Nor too hard: where nearly all fail, all arms are equal.
HARD = 0.5
ORDER = (('one_noise', 'sparked'), ('multi_noise', 'one_noise'))
# Of the cosines alone: noise that moves as much, and the wrong way.
CONTROL = ('against', 'sparked')


def claims(
    goals: Mapping[str, Arms], motion: Mapping[int, float], still: Arms | None = None
) -> list[Claim]:
    """All claims on one victim.

    Args:
        goals: Goal -> arm -> what was measured.
        motion: Mean motion of a video, pixels per frame, by its index.
        still: The arms of goal cosine on the same videos, in which less moves.
    """
    found = [*hard('untargeted', goals), *hard('targeted', goals)]
    for goal in ('untargeted', 'targeted'):
        found += queries(goal, goals[goal])
    found += cosines(goals['cosine'])
    if still is None:
        found.append(fades(goals['cosine'], motion))
    else:
        # With this camera no video is near-static.
        found += panned(goals['cosine'], still)
    return found


def hard(goal: str, goals: Mapping[str, Arms]) -> list[Claim]:
    """The task is neither too easy nor too hard, or the order of the arms means little."""
    arms = {arm: goals[goal][arm] for arm in ARMS if goals[goal][arm].success}
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
    few, many = bootstrap(rates[best])
    return [
        Claim(
            f'{goal}: the task is not too easy',
            f'least median of the four samplers less {EASY} queries; nothing fooled in two steps',
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
    for bad, good in (*ORDER, CONTROL):
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

    By the cosines, which every video has: most videos are fooled by both arms or by none.
    """
    gained = differences(arms['sparked'].cosine, arms['one_noise'].cosine)
    rise, limits = slope(gained, motion)
    moves = sorted(motion[video] for video in gained)
    span = f'{moves[0]:.2f} to {moves[-1]:.2f} px' if moves else 'none'
    return Claim(
        'the advantage of sparked over one_noise fades on near-static clips',
        'rise of the cosine gained per pixel of motion, straight line over the videos',
        f'{rise:+.4f} (n = {len(gained)} videos that move {span})',
        limits if moves and moves[-1] > moves[0] else NOTHING,
    )


def panned(arms: Arms, still: Arms) -> list[Claim]:
    """The same video gives the sampler more where all of it moves."""
    found = []
    for other in ('one_noise', 'against'):
        gains = [differences(each['sparked'].cosine, each[other].cosine) for each in (arms, still)]
        both = sorted(gains[0].keys() & gains[1].keys())
        moving, resting = (_mean([gain[video] for video in both]) for gain in gains)
        found.append(
            Claim(
                f'the advantage of sparked over {other} is larger where the camera moves',
                'cosine gained per video, less that of the same video without',
                f'gained {moving:.4f}, without {resting:.4f} (n = {len(both)} videos)',
                bootstrap([gains[0][video] - gains[1][video] for video in both]),
            )
        )
    return found


def decided(one: Arm, other: Arm) -> set[int]:
    """The videos of both arms that at least one of them fools with some seed."""
    rates = [means(arm.success) for arm in (one, other)]
    return {video for video in rates[0].keys() & rates[1].keys() if any(r[video] for r in rates)}


def _pair(one: ByVideo, two: ByVideo, name: str, other: str, form: str, n: int) -> str:
    a, b = (_mean(list(means(values).values())) for values in (one, two))
    return f'{name} {a:{form}}, {other} {b:{form}} (n = {n} videos)'


def _mean(values: list[float]) -> float:
    return mean(values) if values else math.nan
