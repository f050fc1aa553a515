"""The paper's tables, as measured; intervals are 95 % Wilson intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import isnan
from typing import Any

from mmrobust.evaluation.sweep import frames_needed

Point = Mapping[str, Any]
# Attack -> its points, and the lines of the ledger by budget.
Sweeps = Mapping[str, Mapping[str, Any]]
SHORT = {
    'OneShot': 'one-shot',
    'IterativeSaliency': 'it-sal',
    'IterativeSaliencyRG': 'it-sal-RG',
}


def percent(value: float | None) -> str:
    """A share in per cent."""
    return '-' if value is None or isnan(value) else f'{100 * value:.1f}'


def banded(point: Point, name: str) -> str:
    """A share with its interval, in per cent."""
    low, high = point[f'{name}_low'], point[f'{name}_high']
    if low is None:
        return '-'
    return f'{percent(point[name])} ({100 * low:.0f}-{100 * high:.0f})'


def tables(levels: Mapping[str, Sweeps], moved: Mapping[str, Any]) -> str:
    """Table 3.1, the frames needed, and the transfer matrix, in Markdown."""
    stack, video = levels['stack'], levels['video']
    n = [level['OneShot']['points'][0]['n'] for level in (stack, video)]
    clean = [level['OneShot']['points'][0]['clean_accuracy'] for level in (stack, video)]
    lines = [
        f'Clean accuracy: {percent(clean[0])} % of {n[0]} stacks, {percent(clean[1])} % of '
        f'{n[1]} videos (white box). Accuracy in % with interval (stacks as if independent); '
        'FP: mean frames perturbed over successes. In brackets behind eps the grey levels that '
        'fit into it.',
        '',
        '| eps | ' + ' | '.join(f'{s} Stk-A | FP | Vid-A' for s in SHORT.values()) + ' |',
        '|---' * 10 + '|',
    ]
    for row, point in enumerate(stack['OneShot']['points']):
        cells = [f'{point["eps"] / 255:.3f} ({int(point["eps"])})']
        for attack in SHORT:
            one, whole = stack[attack]['points'][row], video[attack]['points'][row]
            frames = '-' if one['frames'] is None else f'{one["frames"]:.2f}'
            cells += [banded(one, 'adversarial_accuracy'), frames]
            cells.append(banded(whole, 'adversarial_accuracy'))
        lines.append('| ' + ' | '.join(cells) + ' |')
    return '\n'.join([*lines, '', *_histograms(stack), '', *_matrix(moved), ''])


def _histograms(stack: Sweeps) -> list[str]:
    lines = ['Frames needed over the successes of all budgets (number of frames: successes):', '']
    for attack in list(SHORT)[1:]:
        needed = [n for rows in stack[attack]['rows'] for n in frames_needed(rows)]
        counts = ', '.join(f'{k}: {v}' for k, v in sorted(Counter(needed).items()))
        lines.append(f'- {SHORT[attack]}: {counts or "none"}')
    return lines


def _matrix(moved: Mapping[str, Any]) -> list[str]:
    lines = [
        'Transfer from the FlowNet2 victim: success rate in % over the stacks that both '
        'classify right; in brackets interval and n.',
        '',
        '| attack | eps | target | success | target accuracy clean -> attacked |',
        '|---|---|---|---|---|',
    ]
    for attack, card in moved.items():
        for cell in card['cells']:
            name = cell['target'] + (' (white box)' if cell['white_box'] else '')
            accuracy = f'{percent(cell["clean_accuracy"])} -> '
            accuracy += percent(cell['adversarial_accuracy'])
            success = f'{banded(cell, "success_rate")}, n = {cell["both_right"]}'
            cells = (SHORT[attack], f'{cell["eps"] / 255:.3f}', name, success, accuracy)
            lines.append('| ' + ' | '.join(cells) + ' |')
    return lines
