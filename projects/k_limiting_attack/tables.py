"""The slides' two tables in shape, and the curve over the budget, in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import mean
from typing import Any

from projects.k_limiting_attack.arms import NORMS, TARGETED, UNTARGETED
from projects.k_limiting_attack.claims import SUCCESS, Results
from projects.k_limiting_attack.measure import (
    Sample,
    Samples,
    averaged,
    both_successful,
    rate,
    ratio,
    shown,
)

NAMES = {
    'kaa': 'KAA',
    'er': 'KAA+ER',
    'random': 'random mask',
    'gradient': 'gradient mask',
    'fgsm': 'single step',
    'noise': 'noise',
}
NOTE = (
    f'success: share of the attacked samples, after rounding to 8 bits, %; {SUCCESS}: rates of the '
    'two tables are not alike. Targeted, samples that are at the target when clean are left out. '
    'RMSE: of the change, grey levels 0..255, over the successes of that arm and of KAA; ratio: to '
    'that of KAA, same samples. Samples leave at their first success, except in the curve. noise: '
    'Gaussian, as long as the whole budget before it is cut to 0..255, so that no attack under the '
    'budget changes much more; its own RMSE stands beside it. density: share of the values that '
    'were free to change. error, distance to the target: % of the longer side of the box. '
    'Intervals: 95 %, not corrected for the number of claims. One seed of the training; the frames '
    'of the mouse are of one animal. The slides do not say what their RMSE is measured in: compare '
    'ratios.'
)
Row = dict[str, Any]


def clean(found: Results) -> str:
    """What was attacked, and how well the victim did there before."""
    samples = found.arms['untargeted', 'linf', 'kaa'].values()
    pck, error = ([getattr(s, key) for s in samples] for key in ('clean_pck', 'clean_error'))
    return (
        f'Attacked when right on half of the joints: clean PCK@0.2 '
        f'{shown(averaged(pck), ".0f", 100)}; clean error {shown(averaged(error), ".1f", 100)} (%)'
    )


def untargeted(found: Results) -> str:
    """Table 1: success, RMSE and ratio of every arm, with both norms."""
    lines = ['| norm | arm | success | RMSE | ratio to KAA | RMSE of all | density |']
    lines.append('|---' * 7 + '|')
    for norm in NORMS:
        for arm in UNTARGETED:
            samples = found.arms['untargeted', norm, arm]
            cells = [*_shared(samples, found.arms['untargeted', norm, 'kaa'])]
            cells.append(_mean(samples, lambda sample: sample.rmse))
            cells.append(_mean(samples, lambda sample: sample.density))
            lines.append(f'| {norm} | {NAMES[arm]} | {" | ".join(cells)} |')
    return '\n'.join(lines)


def targeted(found: Results) -> str:
    """Table 2: the same for every target, with the distance that is left to it."""
    lines = ['| target | norm | arm | success | RMSE | ratio to KAA | distance to the target |']
    lines.append('|---' * 7 + '|')
    for target in found.targets:
        for norm in NORMS:
            for arm in TARGETED:
                samples = found.arms[target, norm, arm]
                left = [s.target_error for s in samples.values() if s.target_error is not None]
                cells = [*_shared(samples, found.arms[target, norm, 'kaa'])]
                cells.append(shown(averaged(left), '.1f', 100))
                lines.append(f'| {target} | {norm} | {NAMES[arm]} | {" | ".join(cells)} |')
    return '\n'.join(lines)


def curve(found: Results) -> str:
    """PCK@0.2 and error of every arm over the budget."""
    lines = [f'| arm | {" | ".join(f"eps {eps:g}: PCK | error" for eps in found.eps)} |']
    lines.append('|---' * (1 + 2 * len(found.eps)) + '|')
    parts: Sequence[Callable[[Sample], float]] = (lambda s: s.pck, lambda s: s.error)
    for arm in UNTARGETED:
        cells = [
            shown(averaged([part(sample) for sample in found.curve[arm, eps].values()]), '.0f', 100)
            for eps in found.eps
            for part in parts
        ]
        lines.append(f'| {NAMES[arm]} | {" | ".join(cells)} |')
    return '\n'.join(lines)


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


def _mean(samples: Samples, value: Callable[[Sample], float | None]) -> str:
    known = [x for x in map(value, samples.values()) if x is not None]
    return f'{mean(known):.2f}' if known else '-'
