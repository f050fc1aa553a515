"""What became of the samples of each class.

A row is a sample's line of the ledger (:mod:`mmrobust.evaluation.summary`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def by_class(rows: Sequence[Row]) -> list[dict[str, Any]] | None:
    """One mapping per class that a sample is of, ascending; None where nothing is classified.

    Args:
        rows: Of the samples that could be loaded.

    Returns:
        ``label``, the annotated class, or, where no sample has one, that predicted when clean;
        ``evaluated`` samples of it; of these ``right`` when clean (None without annotation),
        ``attacked`` and ``fooled``; ``becomes``: predicted class, as text, -> how many of the
        attacked samples it is predicted for, the most first. A class of which nothing was
        attacked is there, too.
    """
    known = [row for row in rows if row.get('clean_prediction') is not None]
    if not known:
        return None
    annotated = any(row.get('label') is not None for row in known)
    groups: dict[int, list[Row]] = {}
    for row in known:
        label = row['label' if annotated else 'clean_prediction']
        if label is not None:
            groups.setdefault(label, []).append(row)
    return [_one(label, groups[label], annotated) for label in sorted(groups)]


def _one(label: int, rows: Sequence[Row], annotated: bool) -> dict[str, Any]:
    tried = [row for row in rows if row['attacked']]
    seen = Counter(row['adversarial_prediction'] for row in tried)
    # Of equally many, the first class.
    order = sorted(seen, key=lambda prediction: (-seen[prediction], prediction))
    return {
        'label': label,
        'evaluated': len(rows),
        'right': sum(bool(row.get('clean_correct')) for row in rows) if annotated else None,
        'attacked': len(tried),
        'fooled': sum(row['success'] for row in tried),
        'becomes': {str(prediction): seen[prediction] for prediction in order},
    }
