"""The slides' two tables in shape, and the curve over the budget, in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

from mmrobust.evaluation.estimates import Estimate, averaged, ratio, shown
from mmrobust.evaluation.markdown import markdown
from mmrobust.evaluation.pose_samples import Samples, both_successful, rate
from projects.k_limiting_attack.arms import ARMS, CURVE, MOVED, NORMS
from projects.k_limiting_attack.claims import SUCCESS, Results

NAMES = {
    'kaa': 'KAA',
    'er': 'KAA+ER',
    'random': 'random mask',
    'gradient': 'gradient mask',
    'fgsm': 'single step',
    'noise': 'noise',
    'shared': 'KAA, soft-argmax',
}
NOTE = (
    f'success: share of the attacked samples, after rounding to 8 bits, %; {SUCCESS}: rates of the '
    'two tables are not alike. Targeted, samples that are at the target when clean are left out. '
    'RMSE: of the change, grey levels 0..255, over the successes of that arm and of KAA; ratio: to '
    'that of KAA, same samples; a mask that lets a share of the values change has a ratio near the '
    'root of that share whatever it is made of, so its rivals are the other masks. Samples leave '
    'at their first success, except in the curve. Steps are a tenth of eps: numbers of steps, and '
    'with them RMSEs, are coarse. noise: Gaussian, as long as the whole budget before it is cut to '
    '0..255, so that no attack under the budget changes much more; its own RMSE stands beside it, '
    'and under both norms it is the same noise. KAA, soft-argmax: KAA with a loss that all heads '
    'have. density: share of the values that were free to change. error, distance to the target: '
    '% of the longer side of the box. Intervals: 95 %, not corrected for the number of claims; '
    'below 35 samples no two rates can be shown to be equal within 0.1. One seed of the training; '
    'the frames of the mouse are of one animal. The slides do not say what their RMSE is measured '
    'in: compare ratios. Contact sheets show samples that were fooled first.'
)
Row = dict[str, Any]


def clean(found: Results, card: Mapping[str, Any], baseline: tuple[Estimate, Estimate]) -> str:
    """How well the victim does, a pose that sees nothing, and what was attacked.

    Args:
        found: Of the victim.
        card: The report of one of its untargeted runs.
        baseline: PCK and error of the mean training pose on the same samples.
    """
    samples = found.arms['untargeted', 'linf', 'kaa'].values()
    kept = [averaged([getattr(s, key) for s in samples]) for key in ('clean_pck', 'clean_error')]
    told = ', '.join(f'{name} {card["clean"][name]:.3f}' for name in ('PCK', 'EPE'))
    lines = [
        f'Clean, {card["evaluated"]} test samples: {told} (pixels of the frame), by MMPose; '
        f'a joint is right within {found.within:g} of the box.',
        f'The mean training pose there: {_pair(baseline)}.',
        f'Attacked when half of the joints are within {MOVED:g}: {card["attacked"]}, on which '
        f'the victim has {_pair(kept)}.',
    ]
    return '\n'.join(lines)


def untargeted(found: Results) -> str:
    """Table 1: success, RMSE and ratio of every arm, with both norms."""
    lines = []
    for norm in NORMS:
        for arm in ARMS:
            samples = found.arms['untargeted', norm, arm]
            cells = _shared(samples, found.arms['untargeted', norm, 'kaa'])
            means = [_mean(samples, key) for key in ('rmse', 'density')]
            lines.append([norm, NAMES[arm], *cells, *means])
    names = ('norm', 'arm', 'success', 'RMSE', 'ratio to KAA', 'RMSE of all', 'density')
    return markdown(names, lines)


def targeted(found: Results) -> str:
    """Table 2: the same for every target, with the distance that is left to it."""
    lines = []
    for target in found.targets:
        for norm in NORMS:
            for arm in ARMS:
                samples = found.arms[target, norm, arm]
                cells = _shared(samples, found.arms[target, norm, 'kaa'])
                left = [_known(samples, key) for key in ('clean_target_error', 'target_error')]
                distances = [shown(averaged(numbers), '.1f', 100) for numbers in left]
                lines.append([target, norm, NAMES[arm], *cells, *distances])
    names = ('target', 'norm', 'arm', 'success', 'RMSE', 'ratio to KAA')
    return markdown([*names, 'distance, clean', 'attacked'], lines)


def curve(found: Results) -> str:
    """PCK and error of every arm over the budget."""
    lines = []
    for arm in CURVE:
        parts = [_known(found.curve[arm, e], key) for e in found.eps for key in ('pck', 'error')]
        lines.append([NAMES[arm], *(shown(averaged(part), '.0f', 100) for part in parts)])
    names = [name for eps in found.eps for name in (f'eps {eps:g}: PCK', 'error')]
    return markdown(['arm', *names], lines)


def rows(victim: str, found: Results) -> list[Row]:
    """Every attack of the tables as plain numbers, for the page."""
    lines: list[Row] = []
    for (goal, norm, arm), samples in found.arms.items():
        success = rate(samples)
        low, high = success.limits
        lines.append(
            {
                'victim': victim,
                'goal': goal,
                'norm': norm,
                'arm': NAMES[arm],
                'n': success.n,
                'success_rate': success.value if success.n else None,
                'success_rate_low': low,
                'success_rate_high': high,
                'rmse_of_all': mean(s.rmse for s in samples.values()) if samples else None,
            }
        )
    return lines


def _shared(samples: Samples, kaa: Samples) -> tuple[str, str, str]:
    """Success, RMSE over the successes of both, and its ratio to KAA's."""
    own, other = both_successful(samples, kaa)
    rmse = shown(averaged(own))
    return shown(rate(samples), '.0f', 100), rmse, shown(ratio(own, other))


def _pair(parts: Sequence[Estimate]) -> str:
    pck, error = (shown(part, '.1f', 100) for part in parts)
    return f'PCK {pck}; error {error} (%)'


def _known(samples: Samples, key: str) -> list[float]:
    """A number of every sample that has one."""
    numbers = (getattr(sample, key) for sample in samples.values())
    return [number for number in numbers if number is not None]


def _mean(samples: Samples, key: str) -> str:
    known = _known(samples, key)
    return f'{mean(known):.2f}' if known else '-'
