"""One attack at several budgets: what the runs' rows say, budget by budget.

A row is a sample's line of the ledger (:mod:`mmrobust.evaluation.summary`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmrobust.evaluation.summary import Row, attacked, cost, evaluated, mean, share

Point = dict[str, Any]


def point(eps: float, rows: Sequence[Row]) -> Point:
    """Accuracy, success and cost at one budget.

    Args:
        eps: The budget.
        rows: Every sample's, failures included.

    Returns:
        ``eps``; ``n`` samples evaluated, ``failed`` ones that were not;
        ``clean_accuracy``, ``adversarial_accuracy`` and ``success_rate`` (over
        ``attacked``) with their 95 % Wilson intervals as ``_low`` and
        ``_high``; ``frames``, the mean number of changed frames over the
        ``successes``, of ``frames_total``, and likewise ``psnr`` and ``ssim``;
        ``forwards``, ``backwards`` and ``queries``, means over the attacked.
        Rates and means over nothing are None.
    """
    good, tried = evaluated(rows), attacked(rows)
    fooled = [row for row in tried if row['success']]
    found: Point = {'eps': eps, 'n': len(good), 'failed': len(rows) - len(good)}
    for side in ('clean', 'adversarial'):
        # Nothing is known of a picture without a labelled joint.
        known = [right for row in good if (right := row[f'{side}_correct']) is not None]
        found |= share(f'{side}_accuracy', sum(known), len(known))
    found |= {'attacked': len(tried), 'successes': len(fooled)}
    found |= share('success_rate', len(fooled), len(tried))
    sizes = {key: _mean(fooled, key) for key in ('frames', 'frames_total', 'psnr', 'ssim')}
    return found | sizes | cost(rows)


def _mean(rows: Sequence[Row], key: str) -> float | None:
    """Over the rows that have it; lines of earlier versions lack some."""
    return mean(row[key] for row in rows if row.get(key) is not None)


def all_frames(rows: Mapping[float, Sequence[Row]]) -> bool:
    """Whether the attack changes every frame of most videos that it fools.

    How many frames it needs is no question then.

    Args:
        rows: Budget -> every sample's line; of lines without ``frames_total`` it is not known.
    """
    fooled = [row for lines in rows.values() for row in attacked(lines) if row['success']]
    known = [row['frames'] == row['frames_total'] for row in fooled if row.get('frames_total')]
    return 2 * sum(known) > len(fooled)


def not_monotone(rows: Mapping[float, Sequence[Row]]) -> list[str]:
    """Samples that were fooled at a budget and not at a larger one, by name.

    What fools them is there, at the larger budget too, so that the attack missed it.

    Args:
        rows: Budget -> every sample's line.
    """
    least: dict[int, float] = {}
    missed: dict[int, str] = {}
    for eps in sorted(rows):
        for row in attacked(rows[eps]):
            if row['success']:
                least.setdefault(row['index'], eps)
            elif row['index'] in least:
                missed[row['index']] = row['name']
    return [missed[index] for index in sorted(missed)]


def frames_needed(rows: Sequence[Row]) -> list[int]:
    """Number of changed frames of every success."""
    return [row['frames'] for row in attacked(rows) if row['success']]


def still_right(rows: Sequence[Row]) -> list[float]:
    """Share of attacked samples that at most k changed frames leave right, k = 0, 1, ...

    Up to the largest number of frames of a success; empty if nothing was attacked.
    """
    total, needed = len(attacked(rows)), frames_needed(rows)
    if not total:
        return []
    ends = range(max(needed, default=0) + 1)
    return [1 - sum(frames <= k for frames in needed) / total for k in ends]
