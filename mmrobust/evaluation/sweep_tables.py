"""What sweeps and transfers say, in Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from mmrobust.evaluation.markdown import banded, markdown, percent
from mmrobust.evaluation.summary import Row
from mmrobust.evaluation.sweep import frames_needed


def frames_counts(name: str, rows: Sequence[Sequence[Row]]) -> str:
    """How many frames the successes of an attack needed, over all budgets.

    Args:
        name: Of the attack.
        rows: Lines of the ledger by budget.
    """
    needed = [n for lines in rows for n in frames_needed(lines)]
    counts = ', '.join(f'{k}: {v}' for k, v in sorted(Counter(needed).items()))
    return f'- {name}: {counts or "none"}'


def transfer_table(cards: Mapping[str, Mapping[str, Any]]) -> str:
    """Success and accuracy on every target.

    Args:
        cards: Name of an attack -> its ``transfer.json``.
    """
    rows = []
    for attack, card in cards.items():
        for cell in card['cells']:
            name = cell['target'] + (' (white box)' if cell['white_box'] else '')
            clean, attacked = (cell[f'{side}_accuracy'] for side in ('clean', 'adversarial'))
            success = f'{banded(cell, "success_rate")}, n = {cell["both_right"]}'
            eps, accuracy = f'{cell["eps"] / 255:.3f}', f'{percent(clean)} -> {percent(attacked)}'
            rows.append((attack, eps, name, success, accuracy))
    names = ('attack', 'eps', 'target', 'success', 'target accuracy clean -> attacked')
    return markdown(names, rows)
