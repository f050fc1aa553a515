"""What an attack changed in the predictions, whatever is annotated.

A row is a sample's line of the ledger (:mod:`mmrobust.evaluation.summary`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

from mmrobust.functional.interval import wilson

Row = Mapping[str, Any]


def annotated(row: Row) -> bool:
    """Whether it is known what a sample shows."""
    return row.get('clean_correct') is not None


def effects(rows: Sequence[Row]) -> dict[str, Any]:
    """The report's part on what stayed and what moved.

    Args:
        rows: Of the samples that could be loaded.

    Returns:
        ``annotated``, the number of samples of which something is known; ``consistency``,
        the share of samples whose prediction stayed (:func:`stayed`), over those where that
        can be said, and its 95 % Wilson interval ``consistency_interval``; ``movement``
        (:func:`movement`). None of nothing.
    """
    known = [kept for row in rows if (kept := stayed(row)) is not None]
    return {
        'annotated': sum(map(annotated, rows)),
        'consistency': sum(known) / len(known) if known else None,
        'consistency_interval': list(wilson(sum(known), len(known))) if known else None,
        'movement': movement(rows),
    }


def stayed(row: Row) -> bool | None:
    """Whether a prediction is what it was on the clean sample.

    A class stays or not. A pose (the poses of a picture) stays while more than half of the
    joints are within 0.2 of their clean place, in lengths of the person's box. None where
    nothing was predicted, or only annotated joints were looked at.
    """
    if row.get('clean_prediction') is not None:
        return bool(row['clean_prediction'] == row['adversarial_prediction'])
    count = joints(row)
    return 2 * row['joints_moved'] < count if count else None


def movement(rows: Sequence[Row]) -> dict[str, float | None] | None:
    """Means over the attacked samples that have joints; None without any.

    ``joints`` a sample has; of them ``moved``, further than 0.2 from the clean prediction,
    and ``vanished``; ``displacement``, in lengths of the person's box.
    """
    tried = [(row, count) for row in rows if row['attacked'] and (count := joints(row))]
    if not tried:
        return None
    far = [row['displacement'] for row, _ in tried if row.get('displacement') is not None]
    return {
        'joints': mean(count for _, count in tried),
        'moved': mean(row['joints_moved'] for row, _ in tried),
        'vanished': mean(row['joints_vanished'] for row, _ in tried),
        'displacement': mean(far) if far else None,
    }


def joints(row: Row) -> int | None:
    """How many joints were predicted on the clean sample, all of which were looked at again."""
    if row.get('joints_vanished') is None:
        return None
    # Of all persons of a picture.
    poses = row.get('clean_poses')
    return len(row['clean_joints']) if poses is None else sum(map(len, poses))
