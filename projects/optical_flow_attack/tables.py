"""The paper's tables, as measured; intervals are 95 % Wilson intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmrobust.evaluation.markdown import banded, markdown, percent
from mmrobust.evaluation.sweep_tables import frames_counts, transfer_table

# Attack -> its points, and the lines of the ledger by budget.
Sweeps = Mapping[str, Mapping[str, Any]]
SHORT = {
    'OneShot': 'one-shot',
    'IterativeSaliency': 'it-sal',
    'IterativeSaliencyRG': 'it-sal-RG',
}


def tables(levels: Mapping[str, Sweeps], moved: Mapping[str, Any]) -> str:
    """Table 3.1, the frames needed, and the transfer matrix, in Markdown."""
    stack, video = levels['stack'], levels['video']
    n = [level['OneShot']['points'][0]['n'] for level in (stack, video)]
    clean = [level['OneShot']['points'][0]['clean_accuracy'] for level in (stack, video)]
    told = (
        f'Clean accuracy: {percent(clean[0])} % of {n[0]} stacks, {percent(clean[1])} % of '
        f'{n[1]} videos (white box). Accuracy in % with interval (stacks as if independent); '
        'FP: mean frames perturbed over successes. In brackets behind eps the grey levels that '
        'fit into it.'
    )
    rows = []
    for row, point in enumerate(stack['OneShot']['points']):
        cells = [f'{point["eps"] / 255:.3f} ({int(point["eps"])})']
        for attack in SHORT:
            one, whole = stack[attack]['points'][row], video[attack]['points'][row]
            frames = '-' if one['frames'] is None else f'{one["frames"]:.2f}'
            cells += [banded(one, 'adversarial_accuracy'), frames]
            cells.append(banded(whole, 'adversarial_accuracy'))
        rows.append(cells)
    names = [name for s in SHORT.values() for name in (f'{s} Stk-A', 'FP', 'Vid-A')]
    parts = [
        told,
        markdown(['eps', *names], rows),
        'Frames needed over the successes of all budgets (number of frames: successes):',
        '\n'.join(frames_counts(SHORT[a], stack[a]['rows']) for a in list(SHORT)[1:]),
        'Transfer from the FlowNet2 victim: success rate in % over the stacks that both '
        'classify right; in brackets interval and n.',
        transfer_table({SHORT[attack]: card for attack, card in moved.items()}),
    ]
    return '\n\n'.join(parts) + '\n'
