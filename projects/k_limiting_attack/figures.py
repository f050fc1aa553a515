"""Curves over the budget: PCK and error of every arm, and of KAA on every head."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from matplotlib.figure import Figure

from mmrobust.functional.bootstrap import NOTHING
from mmrobust.visualization.curves import Curve, draw_curves
from mmrobust.visualization.figures import Plot
from mmrobust.visualization.svg import inline
from projects.k_limiting_attack.arms import CURVE
from projects.k_limiting_attack.claims import Results
from projects.k_limiting_attack.measure import Sample, Samples, averaged
from projects.k_limiting_attack.tables import NAMES

BUDGET = 'eps of l_inf, noise: RMSE; grey levels'
NOTE = 'Attacked samples, all steps taken; bands: 95 % intervals.'
Value = Callable[[Sample], float]
MEASURES: Mapping[str, Value] = {
    'PCK': lambda sample: sample.pck,
    'error in box sides': lambda sample: sample.error,
}


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
    for measure, value in MEASURES.items():
        places = iter(range(len(series)))
        curves = [
            _curve(label, eps, parts, value, None if label == first else next(places))
            for label, parts in series.items()
            if all(parts)
        ]
        if curves:
            found.append(_plot(f'{name}: {measure}', curves))
    return found


def _curve(
    label: str, eps: Sequence[float], parts: Sequence[Samples], value: Value, place: int | None
) -> Curve:
    points = [averaged([value(sample) for sample in part.values()]) for part in parts]
    known = all(point.limits != NOTHING for point in points)
    low, high = zip(*(point.limits for point in points), strict=True) if known else ((), ())
    return Curve(label, eps, [point.value for point in points], low, high, place)


def _plot(title: str, curves: Sequence[Curve]) -> Plot:
    def draw(figure: Figure) -> None:
        draw_curves(figure.subplots(), curves, BUDGET)

    words = ''.join(letter if letter.isalnum() else '-' for letter in title)
    return Plot(title, inline(draw, words, title, 3.2), NOTE)
