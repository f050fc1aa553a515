"""The paper's claims, as measured: held, did not hold, or undecided.

Every rule is a quantity that should be above zero. The verdict follows from its
95 % interval (videos are resampled, arms compared on the same videos): all of
it lies on one side of zero, or the videos do not decide.
"""

from __future__ import annotations

from collections.abc import Mapping

from mmrobust.evaluation.arms import Arm, differences, mean_of, slope
from mmrobust.evaluation.claims import Claim
from mmrobust.evaluation.query_claims import (
    fewer_queries,
    nearer_gradient,
    neither_easy_nor_hard,
)
from mmrobust.functional.bootstrap import NOTHING, bootstrap
from projects.motion_excited_sampler.arms import ARMS

Arms = Mapping[str, Arm]
# The slower one, and the one that is claimed to be better.
ORDER = (('one_noise', 'sparked'), ('multi_noise', 'one_noise'))
# Of the cosines alone: noise that moves as much, and the wrong way.
CONTROL = ('against', 'sparked')
GOALS = ('untargeted', 'targeted')


def claims(
    goals: Mapping[str, Arms], motion: Mapping[int, float], still: Arms | None = None
) -> list[Claim]:
    """All claims on one victim.

    Args:
        goals: Goal -> arm -> what was measured.
        motion: Mean motion of a video, pixels per frame, by its index.
        still: The arms of goal cosine on the same videos, in which less moves.
    """
    found = []
    for goal in GOALS:
        arms = {arm: goals[goal][arm] for arm in ARMS}
        found += neither_easy_nor_hard(goal, arms, 'the four samplers')
    for goal in GOALS:
        found += [fewer_queries(goal, goals[goal], fast, slow) for slow, fast in ORDER]
    # After equally many rounds.
    cosine = goals['cosine']
    found += [nearer_gradient(cosine, good, bad) for bad, good in (*ORDER, CONTROL)]
    # With a camera that moves no video is near-static.
    return [*found, *([fades(cosine, motion)] if still is None else panned(cosine, still))]


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
        moving, resting = (mean_of([gain[video] for video in both]) for gain in gains)
        found.append(
            Claim(
                f'the advantage of sparked over {other} is larger where the camera moves',
                'cosine gained per video, less that of the same video without',
                f'gained {moving:.4f}, without {resting:.4f} (n = {len(both)} videos)',
                bootstrap([gains[0][video] - gains[1][video] for video in both]),
            )
        )
    return found
