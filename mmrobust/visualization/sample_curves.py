"""Means over samples against the budget, with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from mmrobust.evaluation.estimates import Estimate
from mmrobust.functional.bootstrap import NOTHING
from mmrobust.visualization.curves import Curve, draw_curves
from mmrobust.visualization.figures import Plot
from mmrobust.visualization.svg import inline, slug


def budget_plot(
    title: str,
    eps: Sequence[float],
    series: Mapping[str, Sequence[Estimate]],
    first: str,
    label: str,
    note: str,
) -> Plot:
    """One line per series.

    Args:
        title: Of the plot.
        eps: Budgets, ascending.
        series: Name -> a mean for every budget.
        first: The series in question: it has the colour of attacks.
        label: What the horizontal axis is.
        note: Under the plot.
    """
    places = iter(range(len(series)))
    curves = [
        _curve(name, eps, points, None if name == first else next(places))
        for name, points in series.items()
    ]

    def draw(figure: Figure) -> None:
        draw_curves(figure.subplots(), curves, label)

    return Plot(title, inline(draw, slug(title), title, 3.2), note)


def _curve(
    label: str, eps: Sequence[float], points: Sequence[Estimate], place: int | None
) -> Curve:
    known = all(point.limits != NOTHING for point in points)
    low, high = zip(*(point.limits for point in points), strict=True) if known else ((), ())
    return Curve(label, eps, [point.value for point in points], low, high, place)
