"""The slides' claims, and what any attack must show, as measured.

Every rule is a quantity that should be above zero. The verdict follows from its
95 % interval: held, did not hold, or undecided. Rates are compared by
Newcombe's intervals for paired samples, numbers by resampling the samples.
Intervals are not corrected for the number of verdicts.
"""

from __future__ import annotations

from collections.abc import Mapping

from mmrobust.evaluation.claims import Claim
from mmrobust.evaluation.estimates import averaged, shown
from mmrobust.evaluation.pose_claims import (
    all_of,
    equal_rates,
    higher_rate,
    loses_more,
    lower_rmse,
    needs_less,
    points,
)
from mmrobust.evaluation.pose_results import PoseResults
from mmrobust.functional.bootstrap import DIFFERENCE
from projects.k_limiting_attack.arms import NORMS, SUCCESS

# Rates that differ by more are far apart.
FAR = 0.2
# Budgets of the curve at which heads are compared: those that change little.
FEW = 3
# The slides' ratio of the RMSE of KAA+ER to that of KAA, untargeted.
SLIDES = {'linf': 0.66, 'l2': 0.57}
# What KAA+ER is compared with under targets.
CONTROLS = {
    'kaa': 'KAA',
    'random': 'a random mask',
    'gradient': 'a gradient mask',
    'noise': 'noise of the whole budget',
}
# The others are controls.
SLIDES_ARMS = ('kaa', 'er')
BEYOND = 'what regression loses beyond heatmaps; the worse of two losses, samples of both'


def claims(found: PoseResults) -> list[Claim]:
    """All claims on one victim."""
    parts = (less(found), targeted(found), beyond(found), masks(found))
    return [claim for part in parts for claim in part]


def less(found: PoseResults) -> list[Claim]:
    """Equal success at a lower RMSE: the parts, and both together."""
    claims = []
    for norm in NORMS:
        er, kaa = (found.arms['untargeted', norm, arm] for arm in ('er', 'kaa'))
        equal = equal_rates(f'{norm}: KAA+ER succeeds as often as KAA', er, kaa, 'KAA')
        text = f'{norm}: KAA+ER at a lower RMSE than KAA'
        lower = lower_rmse(f'{text} (slides: ratio {SLIDES[norm]})', er, kaa)
        both = f'{norm}: as often, and at a lower RMSE'
        needs = f'{norm}: KAA+ER needs less than KAA, failures included'
        claims += [equal, lower, all_of(both, equal, lower), needs_less(needs, er, kaa, 'KAA')]
    return claims


def targeted(found: PoseResults) -> list[Claim]:
    """Targets are harder than no target, to sit than to walk; ER helps.

    The first compares two measures of success, which the claim states: as the
    slides do not say theirs, it holds for these thresholds alone.
    """
    claims = []
    for norm in NORMS:
        free = {arm: found.arms['untargeted', norm, arm] for arm in SLIDES_ARMS}
        for target in found.targets:
            aimed = {
                arm: found.arms[target, norm, arm]
                for arm in ('kaa', 'er', 'random', 'gradient', 'noise')
            }
            for arm in SLIDES_ARMS:
                text = f'{norm}, {arm}: {target} harder than untargeted'
                claims.append(higher_rate(text, free[arm], aimed[arm], unlike=SUCCESS))
            for arm, name in CONTROLS.items():
                text = f'{norm}: KAA+ER reaches {target} more often than {name}'
                claims.append(higher_rate(text, aimed['er'], aimed[arm]))
        if {'walk', 'sit'} <= set(found.targets):
            for arm in SLIDES_ARMS:
                walk, sit = (found.arms[target, norm, arm] for target in ('walk', 'sit'))
                starts = ', '.join(
                    f'{target} begins at {points("clean_target_error", of)} %'
                    for target, of in (('walk', walk), ('sit', sit))
                )
                text = f'{norm}, {arm}: sit harder than walk'
                claims.append(higher_rate(text, walk, sit, unlike=starts))
    return claims


def beyond(found: PoseResults) -> list[Claim]:
    """Many steps do far more than one, and one more than none at all."""
    claims = []
    for norm in NORMS:
        kaa = found.arms['untargeted', norm, 'kaa']
        for arm, name in (('fgsm', 'a single step'), ('noise', 'noise of the whole budget')):
            text = f'{norm}: KAA far above {name}'
            claims.append(higher_rate(text, kaa, found.arms['untargeted', norm, arm], -FAR))
    return claims


def masks(found: PoseResults) -> list[Claim]:
    """The relation mask against others of its density: at first success, and over the curve.

    That a mask lowers the RMSE shows nothing of relations if any mask does.
    """
    claims = []
    relation = found.over_curve('er')
    budgets = ', '.join(f'{eps:g}' for eps in found.eps)
    for arm in ('random', 'gradient'):
        control = found.over_curve(arm)
        for norm in NORMS:
            er, other = (found.arms['untargeted', norm, which] for which in ('er', arm))
            name = f'than a {arm} mask'
            claims.append(higher_rate(f'{norm}: KAA+ER succeeds more often {name}', er, other))
            claims.append(lower_rmse(f'{norm}: KAA+ER at a lower RMSE {name}', er, other))
        both = sorted(relation.keys() & control.keys())
        gains = averaged([control[index] - relation[index] for index in both], DIFFERENCE)
        claims.append(
            Claim(
                f'relation mask above a {arm} mask of its density',
                f'PCK lost beyond the control, mean over eps {budgets}',
                f'{shown(gains, ".1f", 100)} points',
                gains.limits,
            )
        )
    return claims


def heads(found: Mapping[str, PoseResults]) -> list[Claim]:
    """Heatmaps are more robust than regression where little may change.

    KAA with each head's own loss and with one that all have: what counts is the
    worse of both for every sample, as a loss that moves nothing is no robustness.

    Args:
        found: Head -> results, all on the same data; no claim unless both are there.
    """
    if not {'td-hm', 'td-reg'} <= found.keys():
        return []
    claims = []
    for eps in found['td-hm'].eps[:FEW]:
        sides = [found[head].worst(eps, 'kaa', 'shared') for head in ('td-reg', 'td-hm')]
        for key, text in (('lost_pck', 'loses less PCK'), ('moved', 'moves less')):
            told = f'heatmaps: {text} than regression at eps {eps:g}'
            claims.append(loses_more(told, BEYOND, key, *sides))
    return claims
