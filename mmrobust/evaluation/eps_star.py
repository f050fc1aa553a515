"""The smallest perturbation that fooled each sample, and robust accuracy at every budget.

A row is a sample's line of the ledger (:mod:`mmrobust.evaluation.summary`). Distances are
in the norm of the runs' threat; N samples.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from mmrobust.evaluation.summary import Row, share

# Which key of a row has the size of the perturbation in a ball's norm.
NORMS = {
    'Linf': 'linf',
    'L2': 'l2',
    'L1': 'l1',
    'L0 value': 'values',
    'L0 pixel': 'pixels',
    'L0 frame': 'frames',
}


def norm_of(threat: Mapping[str, Any]) -> str:
    """The ball inside the masks of a threat's config: its class, and what that counts."""
    inner = threat.get('threat')
    if isinstance(inner, Mapping):
        return norm_of(inner)
    return ' '.join(str(threat[key]) for key in ('type', 'unit') if key in threat)


def distance(row: Row, norm: str) -> float:
    """What was enough to fool a sample: 0 if it was wrong when clean, infinite if nothing was.

    Of an attack that looks for the smallest perturbation ``eps_star``, else the size of what
    the attack returned.
    """
    if not row['attacked']:
        return 0.0
    if not row['success']:
        return math.inf
    return float(row['measures'].get('eps_star', row[NORMS[norm]]))


def envelope(runs: Sequence[Sequence[float]]) -> list[float]:
    """The smallest distance of each sample (N,) over all runs."""
    return [min(found) for found in zip(*runs, strict=True)]


def robust_accuracy(distances: Sequence[float], eps: float) -> float:
    """Share of samples that nothing of size ``eps`` or less fooled."""
    return sum(one > eps for one in distances) / len(distances)


def places(runs: Sequence[Sequence[float]]) -> list[float]:
    """The budgets at which any of the curves falls, 0 first."""
    return sorted({0.0} | {one for found in runs for one in found if math.isfinite(one)})


def optimality(distances: Sequence[float], best: Sequence[float]) -> float | None:
    """How near a run's curve comes to the envelope of all: 1 if it is that, 0 if nothing fell.

    One minus the area between both over the area between the envelope and clean accuracy, up
    to the largest distance of the envelope.

    Source: local optimality of Cinà et al. 2025 (AttackBench), arXiv:2404.19460. Deviation:
    areas below steps are exact, not by trapezoids; distances are of what was returned, after
    rounding, not of what was asked about on the way.

    Returns:
        None where no run fooled any sample.
    """
    most = max((one for one in best if math.isfinite(one)), default=0.0)
    clean = sum(one > 0 for one in best) * most
    own, ideal = (sum(min(one, most) for one in found) for found in (distances, best))
    if not most:
        return None
    # Where nothing falls before the end, to be there is all.
    return 1 - (own - ideal) / (clean - ideal) if clean > ideal else float(own <= ideal)


def run_line(
    name: str, distances: Sequence[float], best: Sequence[float], cost: float | None
) -> dict[str, Any]:
    """What is said of a run, or of the envelope.

    Args:
        name: Of it.
        distances: (N,).
        best: (N,), the envelope.
        cost: Mean forwards and backwards, or queries, of an attacked sample; None of nothing.

    Returns:
        ``n`` samples, of which ``right`` when clean and of these ``fooled``; the ``median``
        of the distance over those that were right (None: most were never fooled); ``closest``:
        on how many of these none was nearer; ``optimality``; ``calls``.
    """
    right = [(own, low) for own, low in zip(distances, best, strict=True) if low > 0]
    middle = median([own for own, _ in right]) if right else math.inf
    fooled = [(own, low) for own, low in right if math.isfinite(own)]
    return {
        'run': name,
        'n': len(distances),
        'right': len(right),
        'fooled': len(fooled),
        'median': middle if math.isfinite(middle) else None,
        'closest': sum(own <= low for own, low in fooled),
        'optimality': optimality(distances, best),
        'calls': cost,
    }


def points(distances: Sequence[float], budgets: Sequence[float]) -> list[dict[str, Any]]:
    """Robust accuracy with its 95 % Wilson interval at each of the budgets."""
    found: list[dict[str, Any]] = []
    for eps in budgets:
        left = sum(one > eps for one in distances)
        found.append({'eps': eps, **share('accuracy', left, len(distances))})
    return found
