"""Scores over the severity of corruptions, with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from mmrobust.evaluation.corruptions import CLEAN, cell_name, score_limits
from mmrobust.evaluation.summary import Row, evaluated
from mmrobust.functional.bootstrap import NOTHING, Limits
from mmrobust.visualization.curves import Curve, draw_curves
from mmrobust.visualization.plot import Plot
from mmrobust.visualization.svg import slug

Card = Mapping[str, Any]
Rows = Sequence[Row]

NOTE = 'Bands: 95 % intervals.'


def severity_plots(card: Card, clean: Mapping[str, Any], rows: Rows = ()) -> list[Plot]:
    """Scores over severity, a figure for each group.

    Args:
        card: With ``kinds`` and ``severities``.
        clean: The clean cell.
        rows: Lines of the run, of which intervals are made that the cells do not have: those of
            poses. Without them there are none.
    """
    good, groups = evaluated(rows), dict[str, list[str]]()
    for name, kind in card['kinds'].items():
        groups.setdefault(kind['group'], []).append(name)
    plots = []
    for group, names in groups.items():
        curves = [_curve(card, clean, good, name, place) for place, name in enumerate(names)]
        plots.append(_plot(f'{group}: {names[0]}' if len(names) == 1 else group, curves))
    return plots


def _curve(card: Card, clean: Mapping[str, Any], rows: Rows, name: str, place: int) -> Curve:
    """One kind, from the clean score on; severities with nothing to say are left out."""
    scored = clean['score'] is not None
    own = list(card['kinds'][name]['cells'].values())
    names = [CLEAN, *(cell_name(name, severity) for severity in card['severities'])]
    cells = [clean if scored else {'kept': 1.0}, *own]
    key = 'score' if scored else 'kept'
    points = [
        (severity, cell[key], _limits(cell, rows, cell_of) if scored else NOTHING)
        for severity, cell, cell_of in zip([0, *card['severities']], cells, names, strict=True)
        if cell[key] is not None
    ]
    limits = [within for _, _, within in points]
    low, high = ([], []) if NOTHING in limits else map(list, zip(*limits, strict=True))
    return Curve(name, [x for x, _, _ in points], [y for _, y, _ in points], low, high, place)


def _limits(cell: Mapping[str, Any], rows: Rows, name: str) -> Limits:
    low, high = cell['score_low'], cell['score_high']
    if low is not None and high is not None:
        return low, high
    return score_limits(rows, name)


def _plot(group: str, curves: list[Curve]) -> Plot:
    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        draw_curves(axes, curves, 'severity')
        axes.set_xticks(sorted({x for curve in curves for x in curve.x}))

    height = 2.6 + 0.17 * (len(curves) // 3)
    note = NOTE if any(curve.low for curve in curves) else ''
    return Plot(group, f'kinds-{slug(group)}', draw, height, note)
