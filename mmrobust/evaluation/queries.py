"""What a query attack cost, under names that say what was counted.

A row is a sample's line of the ledger (:mod:`mmrobust.evaluation.summary`).
Published numbers of queries are means over successes only, or with failures
counted at the budget, and seldom say which: here each has its own name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from mmrobust.evaluation.summary import Row, attacked, mean


def query_summary(rows: Sequence[Row], attack: Mapping[str, Any]) -> dict[str, Any] | None:
    """The report's part on queries; None for an attack without a query budget.

    Args:
        rows: Every sample's, failures included.
        attack: The attack's description, with ``budget`` and ``query_batch``.

    Returns:
        ``budget``; ``mean_success`` and ``median_success``, queries over the
        successes; ``mean_capped``, over all attacked samples, a failure counted
        with the whole budget; ``median_capped`` likewise; ``curve``, pairs of a
        number of queries and the share of attacked samples that succeeded with
        no more; ``outside_share``, of the attack's seconds those not spent in the
        victim; ``occupancy``, the mean share of filled places in the victim's
        calls; ``gradient_cosine``, the mean over samples of what the attack
        measured, if it was asked to, and ``cosine_curve``, likewise along the run.
        What nothing is known of is None.
    """
    # Ensembles have a budget, too, of forwards and backwards.
    if 'query_batch' not in attack:
        return None
    tried, budget = attacked(rows), attack['budget']
    used = [row['queries'] for row in tried if row['success']]
    capped = [row['queries'] if row['success'] else budget for row in tried]
    timing = [row['timing'] for row in tried if row['timing']]
    inside = sum(each['victim_seconds'] for each in timing)
    outside = sum(each['outside_seconds'] for each in timing)
    places = attack['query_batch'] * sum(each['calls'] for each in timing)
    # Those of this run: an earlier one's filled other calls.
    asked = sum(each['asked'] for each in timing)
    return {
        'budget': budget,
        'mean_success': mean(used),
        'median_success': median(used) if used else None,
        'mean_capped': mean(capped),
        'median_capped': median(capped) if capped else None,
        'curve': curve(used, len(tried)),
        'outside_share': outside / (inside + outside) if inside + outside else None,
        'occupancy': asked / places if places else None,
        'gradient_cosine': mean(
            row['measures']['gradient_cosine']
            for row in tried
            if 'gradient_cosine' in row['measures']
        ),
        'cosine_curve': cosine_curve(tried),
    }


def curve(used: Sequence[int], n: int) -> list[tuple[int, float]]:
    """Success against queries: a step up at each number that a success used.

    Args:
        used: Queries of every success.
        n: Attacked samples.
    """
    ordered = sorted(used)
    steps = {queries: (rank + 1) / n for rank, queries in enumerate(ordered)}
    return [(0, 0.0), *steps.items()] if n else []


def cosine_curve(rows: Sequence[Mapping[str, Any]]) -> list[tuple[int, float, int]] | None:
    """Cosine of estimated and true gradient against queries; None where none was measured.

    Returns:
        Queries, mean over the samples that were compared after so many, and how
        many these are: those that were fooled before are no longer among them.
    """
    found: dict[int, list[float]] = {}
    for row in rows:
        for name, value in row['measures'].items():
            measure, _, queries = name.partition('@')
            if measure == 'gradient_cosine' and queries:
                found.setdefault(int(queries), []).append(value)
    return [(q, sum(v) / len(v), len(v)) for q, v in sorted(found.items())] or None
