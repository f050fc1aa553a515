"""The paper's claims on white-box attacks: held, did not hold, or undecided.

Every rule is a quantity that is above zero if the claim holds. The verdict follows
from the quantity's 95 % interval: all of it lies on one side of zero, or the videos
do not decide. Videos are resampled with all their stacks, under all attacks and
budgets; fewer than six decide nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mmrobust.evaluation.carried import Carried
from mmrobust.evaluation.carried_claims import lead_shrinks, weaker_and_growing
from mmrobust.evaluation.claims import Claim
from mmrobust.evaluation.clusters import Measured, rate_limits
from mmrobust.evaluation.markdown import percent
from mmrobust.evaluation.quantities import mean_accuracy
from mmrobust.evaluation.sweep_claims import falling_accuracy, few_frames, levels_agree
from projects.optical_flow_attack.tables import SHORT

Level = Mapping[str, Measured]
# The paper's smallest budgets, of which (b) speaks.
EARLY = 0.0151 * 255


def claims(
    levels: Mapping[str, Level],
    moved: Mapping[str, Mapping[str, Carried]],
    eps: Sequence[float],
    classes: int,
) -> list[Claim]:
    """The claims (a) to (e).

    Args:
        levels: ``stack`` and ``video`` -> attack -> what was measured.
        moved: Attack -> target -> what was measured.
        eps: The budgets of ``levels``, grey levels.
        classes: Number of classes.
    """
    stack, video = levels['stack'], levels['video']
    found = falling_accuracy('(a)', {SHORT[a]: stack[a] for a in SHORT}, size(stack))
    found += ranking(stack, eps, classes)
    for attack in list(SHORT)[1:]:
        rises = attack == 'IterativeSaliency'
        found += few_frames(f'(c) {SHORT[attack]}', stack[attack], rises=rises)
    pairs = {SHORT[attack]: (stack[attack], video[attack]) for attack in SHORT}
    text = '(d) video level follows stack level'
    return [*found, levels_agree(text, pairs, 'stack less video'), *transfers(moved)]


def ranking(stack: Level, eps: Sequence[float], classes: int) -> list[Claim]:
    """(b) RG far below it-sal, which is just below one-shot."""
    one, plain, fresh = (stack[attack] for attack in SHORT)
    means = {SHORT[a]: percent(mean_accuracy(stack[a], None)[0]) for a in SHORT}
    shown = ', '.join(f'{name} {value} %' for name, value in means.items())
    early = [e for e, budget in enumerate(eps) if budget <= EARLY]
    level = float(fresh.accuracies()[0][1:][early].min()) if early else 1.0
    low, high = rate_limits(level, len(fresh.videos))
    return [
        Claim(
            '(b) RG << it-sal',
            'half of the mean accuracy over eps under it-sal less that under RG',
            f'{shown} ({size(stack)})',
            plain.interval(lambda m, w: mean_accuracy(m, w) / 2 - mean_accuracy(fresh, w)),
        ),
        Claim(
            '(b) it-sal <~ one-shot',
            'mean accuracy over eps under one-shot less that under it-sal',
            'as above',
            plain.interval(lambda m, w: mean_accuracy(one, w) - mean_accuracy(m, w)),
        ),
        Claim(
            '(b) RG reaches chance by eps 0.015',
            f'1/{classes} less the accuracy',
            f'{percent(level)} % ({size(stack)})',
            (1 / classes - high, 1 / classes - low),
        ),
    ]


def transfers(moved: Mapping[str, Mapping[str, Carried]]) -> list[Claim]:
    """(e) transfer is weaker than white box; RG's lead shrinks under it."""
    found = []
    for attack, targets in moved.items():
        found += weaker_and_growing(f'(e) {SHORT[attack]}', targets)
    text = "(e) RG's lead over one-shot shrinks under transfer"
    return [*found, lead_shrinks(text, moved['IterativeSaliencyRG'], moved['OneShot'])]


def size(level: Level) -> str:
    """'n = 53 stacks of 8 videos'."""
    one = level['OneShot']
    return f'n = {one.n.sum():.0f} stacks of {len(one.videos)} videos'
