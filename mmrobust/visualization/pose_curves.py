"""PCK and error of pose estimators against the budget, with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from mmrobust.evaluation.estimates import Measurement
from mmrobust.evaluation.pose_results import PoseResults
from mmrobust.evaluation.pose_samples import Samples, average_of
from mmrobust.functional.bootstrap import NOTHING
from mmrobust.visualization.curves import Curve, draw_curves
from mmrobust.visualization.plot import Plot
from mmrobust.visualization.svg import slug

BUDGET = 'eps of l_inf, noise: RMSE; grey levels'
NOTE = 'Attacked samples, all steps taken; bands: 95 % intervals.'
MEASURES = {'pck': 'PCK', 'error': 'error in box sides'}


def arm_curves(name: str, found: PoseResults, names: Mapping[str, str], first: str) -> list[Plot]:
    """Every arm on one victim, one figure per measure.

    Args:
        name: Begins the titles.
        found: Of the victim.
        names: Arm -> its name.
        first: The arm in question: it has the colour of attacks, and lies on top.
    """
    series = {
        names[arm]: [found.curve[arm, eps] for eps in found.eps]
        for arm in sorted({arm: 0 for arm, _ in found.curve}, key=first.__eq__)
    }
    title = f'{name}, right within {found.within:g}'
    return _plots(title, found.eps, series, names[first])


def victim_curves(name: str, found: Mapping[str, PoseResults], arm: str, first: str) -> list[Plot]:
    """One arm on several victims, one figure per measure; nothing on one alone.

    Args:
        name: The titles.
        found: Of the victims, by name.
        arm: Among those of the curve.
        first: The victim in question.
    """
    if len(found) < 2:
        return []
    eps = next(iter(found.values())).eps
    series = {victim: [of.curve[arm, e] for e in eps] for victim, of in found.items()}
    return _plots(name, eps, series, first)


def _plots(
    name: str, eps: Sequence[float], series: Mapping[str, Sequence[Samples]], first: str
) -> list[Plot]:
    found = []
    for key, measure in MEASURES.items():
        points = {
            label: [average_of(part, key) for part in parts]
            for label, parts in series.items()
            if all(parts)
        }
        if points:
            found.append(_plot(f'{name}: {measure}', eps, points, first))
    return found


def _plot(
    title: str, eps: Sequence[float], series: Mapping[str, Sequence[Measurement]], first: str
) -> Plot:
    places = iter(range(len(series)))
    curves = [
        _curve(name, eps, points, None if name == first else next(places))
        for name, points in series.items()
    ]

    def draw(figure: Figure) -> None:
        draw_curves(figure.subplots(), curves, BUDGET)

    return Plot(title, slug(title), draw, 3.2, NOTE)


def _curve(
    label: str, eps: Sequence[float], points: Sequence[Measurement], place: int | None
) -> Curve:
    known = all(point.limits != NOTHING for point in points)
    low, high = zip(*(point.limits for point in points), strict=True) if known else ((), ())
    return Curve(label, eps, [point.value for point in points], low, high, place)
