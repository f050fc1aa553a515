"""What a run's rows say of poses: every joint on its own, success over the threshold.

A row is that of a person (:mod:`mmrobust.evaluation.summary`), or of a picture
with its persons' rows under ``by_person``. Distances are shares of the longer side
of the person's box.
"""

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

import torch

from mmrobust.functional.keypoint_metrics import success_curve

Row = Mapping[str, Any]

# A joint has moved when it is further than that from where it was, as PCK@0.2 counts.
MOVED = 0.2
# Thresholds of the curve: up to half of the box.
TAUS = torch.linspace(0, 0.5, 101, dtype=torch.float64)
# What rows hold joint by joint.
LISTS = (
    'clean_joint_errors',
    'adversarial_joint_errors',
    'joint_displacements',
    'joint_vanished',
)


def pose_summary(rows: Sequence[Row]) -> dict[str, Any] | None:
    """The part of the report that is about poses; None where there are none.

    Returns:
        ``by_joint`` (:func:`by_joint`) and ``success_curve`` (:func:`over_tau`).
    """
    joints = by_joint(rows)
    return {'by_joint': joints, 'success_curve': over_tau(rows)} if joints else None


def by_joint(rows: Sequence[Row]) -> list[dict[str, float | None]]:
    """One mapping per joint, over all attacked persons.

    ``labelled`` is the number of persons whose joint is annotated,
    ``clean_error`` and ``adversarial_error`` are mean distances from the
    annotation over those. Over all persons: ``displacement``, the mean
    distance from the clean prediction; ``moved_rate``, the share that went
    further than 0.2; ``vanished_rate``, the share that had a response above
    zero and lost it. None where nothing is known.
    """
    persons = _persons(rows)
    columns = {key: _columns(persons, key) for key in LISTS}
    count = max(map(len, columns.values()))
    table = []
    for joint in range(count):
        values = {key: column[joint] if column else [] for key, column in columns.items()}
        moves = values['joint_displacements']
        table.append(
            {
                'labelled': len(values['clean_joint_errors']),
                'clean_error': _mean(values['clean_joint_errors']),
                'adversarial_error': _mean(values['adversarial_joint_errors']),
                'displacement': _mean(moves),
                'moved_rate': _mean([float(move > MOVED) for move in moves]),
                'vanished_rate': _mean(values['joint_vanished']),
            }
        )
    return table


def over_tau(rows: Sequence[Row]) -> dict[str, Any] | None:
    """Success rate at every threshold; None without poses.

    Attacks that stop at their first success stop just beyond the goal's own threshold.

    Returns:
        ``measure``: the key of the rows that is compared, ``target_error``
        (success below ``tau``) if there is a target, else ``displacement``
        (success above); ``n``, the samples that have it; ``tau`` and ``rate``.
    """
    tried = [row for row in rows if row.get('attacked')]
    targeted = any(row.get('target_error') is not None for row in tried)
    key = 'target_error' if targeted else 'displacement'
    values = [row[key] for row in tried if row.get(key) is not None]
    if not values:
        return None
    rates = success_curve(torch.tensor(values, dtype=torch.float64), TAUS, targeted=targeted)
    return {'measure': key, 'n': len(values), 'tau': TAUS.tolist(), 'rate': rates.tolist()}


def _persons(rows: Sequence[Row]) -> list[Row]:
    tried = [row for row in rows if row.get('attacked')]
    return [person for row in tried for person in row.get('by_person') or [row]]


def _columns(persons: Sequence[Row], key: str) -> list[list[float]]:
    """The known values of every joint; empty where no person has the key, or not all joints."""
    lists = [person[key] for person in persons if person.get(key) is not None]
    if len({len(values) for values in lists}) > 1:
        return []
    return [[float(v) for v in column if v is not None] for column in zip(*lists, strict=True)]


def _mean(values: Sequence[float]) -> float | None:
    return mean(values) if values else None
