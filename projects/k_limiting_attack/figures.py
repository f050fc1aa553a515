"""Curves over the budget: PCK and error of every arm, and of KAA on every head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mmrobust.evaluation.estimates import averaged
from mmrobust.evaluation.pose_samples import Samples
from mmrobust.visualization.figures import Plot
from mmrobust.visualization.sample_curves import budget_plot
from projects.k_limiting_attack.arms import CURVE
from projects.k_limiting_attack.claims import Results
from projects.k_limiting_attack.tables import NAMES

BUDGET = 'eps of l_inf, noise: RMSE; grey levels'
NOTE = 'Attacked samples, all steps taken; bands: 95 % intervals.'
MEASURES = {'pck': 'PCK', 'error': 'error in box sides'}


def arms(name: str, found: Results) -> list[Plot]:
    """Every arm on one victim, one figure per measure."""
    series = {
        NAMES[arm]: [found.curve[arm, eps] for eps in found.eps]
        for arm in sorted(CURVE, key='er'.__eq__)
    }
    return _plots(f'{name}, right within {found.within:g}', found.eps, series, NAMES['er'])


def heads(name: str, found: Mapping[str, Results]) -> list[Plot]:
    """KAA on every head, one figure per measure; nothing with one head alone."""
    if len(found) < 2:
        return []
    eps = next(iter(found.values())).eps
    series = {head: [of.curve['kaa', e] for e in eps] for head, of in found.items()}
    return _plots(f'{name}, KAA on every head', eps, series, 'td-reg')


def _plots(
    name: str, eps: Sequence[float], series: Mapping[str, Sequence[Samples]], first: str
) -> list[Plot]:
    found = []
    for key, measure in MEASURES.items():
        points = {
            label: [averaged([getattr(s, key) for s in part.values()]) for part in parts]
            for label, parts in series.items()
            if all(parts)
        }
        if points:
            found.append(budget_plot(f'{name}: {measure}', eps, points, first, BUDGET, NOTE))
    return found
