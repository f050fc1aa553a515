"""The slides' claims, and what any attack must show, as measured.

Every rule is a quantity that should be above zero. The verdict follows from its
95 % interval: held, did not hold, or undecided. Rates are compared by
Newcombe's intervals for paired samples, numbers by resampling the samples.
Intervals are not corrected for the number of verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

from mmrobust.evaluation.claims import Claim
from mmrobust.goals import CorruptPose, TargetPose
from projects.k_limiting_attack.arms import NORMS, TARGETED
from projects.k_limiting_attack.measure import (
    Sample,
    Samples,
    averaged,
    both_successful,
    common,
    gained,
    rate,
    ratio,
    shown,
)

# Rates that differ by no more count as equal; those that differ by more, as far apart.
EQUAL, FAR = 0.1, 0.2
# The goals of arms.py as they stand: what counts as success is not alike.
_FREE, _AIMED = CorruptPose(), TargetPose()
SUCCESS = (
    f'untargeted: {_FREE.share:g} of the joints or more beyond {_FREE.tau:g} of the box, '
    f'targeted: mean distance below {_AIMED.tau:g} of it'
)
# The slides' ratio of the RMSE of KAA+ER to that of KAA, untargeted.
SLIDES = {'linf': 0.66, 'l2': 0.57}
# Those of the slides; the others are controls.
ARMS = ('kaa', 'er')


@dataclass(frozen=True)
class Results:
    """One victim.

    Attributes:
        arms: (goal, norm, arm) -> its samples.
        curve: (arm, eps) -> its samples, all steps taken, l_inf.
    """

    arms: Mapping[tuple[str, str, str], Samples]
    curve: Mapping[tuple[str, float], Samples]

    @property
    def eps(self) -> list[float]:
        """Budgets of the curve, ascending."""
        return sorted({eps for _, eps in self.curve})

    @property
    def targets(self) -> list[str]:
        """Of the targeted attacks."""
        goals = dict.fromkeys(goal for goal, _, _ in self.arms)
        return [goal for goal in goals if goal != 'untargeted']


def claims(found: Results) -> list[Claim]:
    """All claims on one victim."""
    parts = (smaller(found), targeted(found), beyond(found), masks(found))
    return [claim for part in parts for claim in part]


def smaller(found: Results) -> list[Claim]:
    """Equal success at a lower RMSE, in two parts."""
    claims = []
    for norm in NORMS:
        er, kaa = (found.arms['untargeted', norm, arm] for arm in ('er', 'kaa'))
        claims.append(_rates(f'{norm}: KAA+ER succeeds as often as KAA', er, kaa, EQUAL))
        text = f'{norm}: KAA+ER at a lower RMSE than KAA (slides: ratio {SLIDES[norm]})'
        claims.append(_lower(text, er, kaa))
    return claims


def targeted(found: Results) -> list[Claim]:
    """Targets are harder than no target, to sit than to walk; ER helps.

    The first compares two measures of success, which the claim states: as the
    slides do not say theirs, it holds for these thresholds alone.
    """
    claims = []
    for norm in NORMS:
        free = {arm: found.arms['untargeted', norm, arm] for arm in ARMS}
        for target in found.targets:
            aimed = {arm: found.arms[target, norm, arm] for arm in TARGETED}
            for arm in ARMS:
                text = f'{norm}, {arm}: {target} harder than untargeted'
                claims.append(_rates(text, free[arm], aimed[arm], unlike=SUCCESS))
            for arm, name in (('kaa', 'KAA'), ('random', 'a random mask')):
                text = f'{norm}: KAA+ER reaches {target} more often than {name}'
                claims.append(_rates(text, aimed['er'], aimed[arm]))
        if {'walk', 'sit'} <= set(found.targets):
            for arm in ARMS:
                walk, sit = (found.arms[target, norm, arm] for target in ('walk', 'sit'))
                claims.append(_rates(f'{norm}, {arm}: sit harder than walk', walk, sit))
    return claims


def beyond(found: Results) -> list[Claim]:
    """Many steps do far more than one, and one more than none at all."""
    claims = []
    for norm in NORMS:
        kaa = found.arms['untargeted', norm, 'kaa']
        for arm, name in (('fgsm', 'a single step'), ('noise', 'noise of the whole budget')):
            text = f'{norm}: KAA far above {name}'
            claims.append(_rates(text, kaa, found.arms['untargeted', norm, arm], -FAR))
    return claims


def masks(found: Results) -> list[Claim]:
    """The relation mask against others of its density: at first success, and over the curve.

    That a mask lowers the RMSE shows nothing of relations if any mask does.
    """
    claims = []
    relation = over_curve(found, 'er')
    for arm in ('random', 'gradient'):
        control = over_curve(found, arm)
        for norm in NORMS:
            er, other = (found.arms['untargeted', norm, which] for which in ('er', arm))
            name = f'than a {arm} mask'
            claims.append(_rates(f'{norm}: KAA+ER succeeds more often {name}', er, other))
            claims.append(_lower(f'{norm}: KAA+ER at a lower RMSE {name}', er, other))
        both = sorted(relation.keys() & control.keys())
        gains = averaged([control[index] - relation[index] for index in both])
        claims.append(
            Claim(
                f'relation mask above a {arm} mask of its density',
                f'PCK lost beyond the control, mean over eps {_listed(found.eps)}',
                f'{shown(gains, ".1f", 100)} points',
                gains.limits,
            )
        )
    return claims


def heads(found: Mapping[str, Results]) -> list[Claim]:
    """Heatmaps are more robust than regression where little may change.

    Args:
        found: Head -> results, all on the same data; no claim unless both are there.
    """
    if not {'td-hm', 'td-reg'} <= found.keys():
        return []
    eps = found['td-hm'].eps[0]
    regression, heatmap = common(*(found[head].curve['kaa', eps] for head in ('td-reg', 'td-hm')))
    more = averaged([_lost(regression[i]) - _lost(heatmap[i]) for i in regression])
    lost = [_points(_lost, samples) for samples in (regression, heatmap)]
    wrong = [_points(lambda s: s.clean_error, samples) for samples in (regression, heatmap)]
    return [
        Claim(
            f'heatmaps more robust than regression at eps {eps:g}',
            'PCK that regression loses beyond heatmaps, samples that both have right',
            f'{shown(more, ".1f", 100)}; {lost[0]} against {lost[1]} points (clean error of '
            f'these samples {wrong[0]} against {wrong[1]} % of the box)',
            more.limits,
        )
    ]


def over_curve(found: Results, arm: str) -> dict[int, float]:
    """The PCK of every sample, mean over the budgets."""
    parts = [found.curve[arm, eps] for eps in found.eps]
    both = set.intersection(*(set(part) for part in parts))
    return {index: mean(part[index].pck for part in parts) for index in sorted(both)}


def _lower(text: str, one: Samples, other: Samples) -> Claim:
    """A claim on the RMSE: that of ``one`` is the lower one where both succeed."""
    pairs = both_successful(one, other)
    part = ratio(*pairs)
    low, high = part.limits
    means = ' against '.join(f'{mean(rmse):.2f}' for rmse in pairs if rmse)
    return Claim(
        text,
        '1 less the ratio, successes of both',
        f'{shown(part)}; {means or "no"} grey levels',
        (1 - high, 1 - low),
    )


def _rates(text: str, one: Samples, other: Samples, slack: float = 0.0, unlike: str = '') -> Claim:
    """A claim on two success rates: one is above the other less ``slack``.

    Args:
        text: The claim.
        one: Samples whose rate should be the higher one.
        other: The same samples under another attack.
        slack: What it may be lower; negative: must be higher.
        unlike: What success is on both sides, where it is not the same.
    """
    part, (left, right) = gained(one, other), common(one, other)
    low, high = part.limits
    rule = f'difference of the rates {"+" if slack > 0 else "-"} {abs(slack):g}'
    rule = rule if slack else 'difference of the rates'
    return Claim(
        text,
        f'{rule}; {unlike}' if unlike else rule,
        ' against '.join(shown(rate(samples), '.0f', 100) for samples in (left, right)) + ' (%)',
        (low + slack, high + slack),
    )


def _lost(sample: Sample) -> float:
    return sample.clean_pck - sample.pck


def _points(value: Callable[[Sample], float], samples: Samples) -> str:
    numbers = [value(sample) for sample in samples.values()]
    return f'{100 * mean(numbers):.1f}' if numbers else '-'


def _listed(numbers: Sequence[float]) -> str:
    return ', '.join(f'{number:g}' for number in numbers)
