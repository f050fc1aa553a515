"""What each member of an ensemble of attacks left of the samples.

A row is a sample's line of the ledger (:mod:`mmrobust.evaluation.summary`); an ensemble
writes ``calls.MEMBER`` among its measures, and ``broken_by`` among its notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmrobust.evaluation.summary import Row, attacked, evaluated, mean

CALLS = 'calls.'


def staircase(rows: Sequence[Row]) -> list[dict[str, Any]] | None:
    """One step per member, in their order; None where no ensemble was run.

    Returns:
        ``member``; ``attacked``, samples that it was given; ``broken``; ``left``, samples
        that stand after it; ``left_share``, these over all evaluated samples; ``calls``, its
        mean number of forwards and backwards.
    """
    tried = attacked(rows)
    members = max((_members(row) for row in tried), key=len, default=[])
    if not members:
        return None
    steps: list[dict[str, Any]] = []
    left, every = len(tried), len(evaluated(rows))
    for member in members:
        given = [row for row in tried if CALLS + member in row['measures']]
        broken = sum(row['success'] and _breaker(row) == member for row in given)
        left -= broken
        steps.append(
            {
                'member': member,
                'attacked': len(given),
                'broken': broken,
                'left': left,
                'left_share': left / every,
                'calls': mean(row['measures'][CALLS + member] for row in given),
            }
        )
    return steps


def _members(row: Row) -> list[str]:
    """Those that a sample was given to, in order."""
    names = row['measures']
    return [name.removeprefix(CALLS) for name in names if name.startswith(CALLS)]


def _breaker(row: Row) -> str | None:
    found: str | None = (row.get('notes') or {}).get('broken_by')
    return found
