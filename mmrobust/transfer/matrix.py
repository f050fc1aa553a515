"""Who fools whom: the cells of a transfer matrix from a ledger's lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmrobust.evaluation.summary import mean, share
from mmrobust.transfer.spec import TransferSpec

Row = dict[str, Any]
Cell = dict[str, Any]


def cells(rows: Sequence[Row], spec: TransferSpec) -> list[Cell]:
    """One cell per attack, eps, source and target, in this order.

    Args:
        rows: Lines of the ledger; those of samples that failed to load are
            left out.
        spec: The spec that they come from.

    Returns:
        Mappings with the keys of :func:`cell`.
    """
    groups: dict[tuple[str, float, str, str], list[Row]] = {}
    for row in rows:
        for target in row.get('targets', ()):
            groups.setdefault((row['attack'], row['eps'], row['source'], target), []).append(row)
    return [
        cell(groups[attack, eps, source, target], target)
        for attack in spec.attacks
        for eps in spec.eps
        for source in spec.sources
        for target in spec.targets
    ]


def cell(rows: Sequence[Row], target: str) -> Cell:
    """What clips of one source, attack and eps did to a target.

    ``n`` samples; the target's accuracy over all of them, clean and
    adversarial; successes over the ``both_right`` samples that source and
    target classify right, and over the ``target_right`` ones that the target
    does; 95 % Wilson intervals as ``_low`` and ``_high``; ``linf`` (grey
    levels) and ``frames``: means over the successes among ``both_right``.
    Rates and means over nothing are None.

    Args:
        rows: The lines, at least one.
        target: Who was shown the clips.
    """
    shown = [row['targets'][target] for row in rows]
    right = [(row, one) for row, one in zip(rows, shown, strict=True) if one['right']]
    both = [(row, one) for row, one in right if row['source_right']]
    fooled = [row for row, one in both if one['success']]
    found: Cell = {key: rows[0][key] for key in ('attack', 'eps', 'source')}
    found |= {'target': target, 'white_box': found['source'] == target, 'n': len(rows)}
    found['clean_accuracy'] = mean(one['clean_correct'] for one in shown)
    hits = sum(one['adversarial_correct'] for one in shown)
    found |= share('adversarial_accuracy', hits, len(rows))
    found |= {'both_right': len(both), 'successes': len(fooled)}
    found |= share('success_rate', len(fooled), len(both))
    wins = sum(one['success'] for _, one in right)
    found |= {'target_right': len(right), 'target_successes': wins}
    found |= share('target_success_rate', wins, len(right))
    return found | {key: mean(row[key] for row in fooled) for key in ('linf', 'frames')}
