"""Figures of one attack at several budgets."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mmrobust.evaluation.sweep import all_frames, frames_needed, still_right
from mmrobust.visualization.curves import Curve, draw_curves, legend, share_axis
from mmrobust.visualization.formatting import number
from mmrobust.visualization.plot import Plot
from mmrobust.visualization.svg import ADVERSARIAL, MUTED

LIMITS = ('_low', '_high')
Points = Sequence[Mapping[str, Any]]
Rows = Mapping[float, Sequence[dict[str, Any]]]


def sweep_plots(points: Points, rows: Rows) -> list[Plot]:
    """All figures that the data allow.

    Args:
        points: One per budget (:func:`~mmrobust.evaluation.sweep.point`), ascending.
        rows: Budget -> every sample's line.
    """
    by_frames = [] if all_frames(rows) else [accuracy_by_frames(rows), needed(rows)]
    found = [accuracy(points), *by_frames]
    return [plot for plot in found if plot is not None]


def accuracy(points: Points) -> Plot | None:
    """Accuracy over the budget."""
    known = [p for p in points if p['n'] and p['adversarial_accuracy'] is not None]
    if not known:
        return None
    if known[0]['eps'] > 0:
        known = [_clean_point(known[0]), *known]
    keys = ('eps', 'clean_accuracy', *(f'adversarial_accuracy{end}' for end in ('', *LIMITS)))
    x, right, left, low, high = ([p[key] for p in known] for key in keys)
    attacked = Curve('adversarial', x, left, low, high)
    clean = Curve('clean', x, right, place=0)

    def draw(figure: Figure) -> None:
        draw_curves(figure.subplots(), [clean, attacked], 'eps')

    title = 'Accuracy over eps'
    note = 'All samples; band: 95 % Wilson interval. At eps 0 nothing changes.'
    return Plot(title, 'sweep-accuracy', draw, 2.9, note)


def _clean_point(point: Mapping[str, Any]) -> dict[str, Any]:
    """The point at eps 0, where an attack may change nothing."""
    clean = point['clean_accuracy']
    # The points of earlier versions have no interval of it.
    left = {
        f'adversarial_accuracy{end}': point.get(f'clean_accuracy{end}', clean)
        for end in ('', *LIMITS)
    }
    return {'eps': 0.0, 'clean_accuracy': clean} | left


def accuracy_by_frames(rows: Rows) -> Plot | None:
    """Share of attacked samples still right, by number of frames that may change."""
    lines = {eps: still_right(found) for eps, found in rows.items()}
    lines = {eps: shares for eps, shares in lines.items() if shares}
    longest = max(map(len, lines.values()), default=0)
    if longest < 2:
        return None

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for place, (eps, shares) in enumerate(lines.items()):
            # One step more, so that the last fall is seen.
            whole = [*shares, *[shares[-1]] * (longest + 1 - len(shares))]
            axes.step(
                range(longest + 1),
                whole,
                where='post',
                color=ADVERSARIAL,
                alpha=_strength(place, len(lines)),
                label=f'eps {number(eps)}',
            )
        share_axis(axes)
        axes.set_xlim(0, longest)
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        axes.set_xlabel('frames changed, at most')
        legend(axes, len(lines))

    title = 'Accuracy against frames perturbed'
    note = 'Share of the attacked samples still right; the stronger the colour, the larger eps.'
    return Plot(title, 'sweep-frames', draw, 2.9 + 0.17 * (len(lines) // 3), note)


def needed(rows: Rows) -> Plot | None:
    """Histograms of the frames that the successes needed, one below the other."""
    frames = {eps: frames_needed(found) for eps, found in rows.items()}
    frames = {eps: found for eps, found in frames.items() if found}
    if not frames:
        return None
    top = max(max(found) for found in frames.values())

    def draw(figure: Figure) -> None:
        panels = np.atleast_1d(figure.subplots(len(frames), 1, sharex=True))
        for place, (axes, (eps, found)) in enumerate(zip(panels, frames.items(), strict=True)):
            _histogram(axes, found, top, _strength(place, len(frames)))
            text = f'eps {number(eps)}: mean {number(float(np.mean(found)), 3)}, n = {len(found)}'
            axes.set_title(text, fontsize=8.5, loc='right', color=MUTED, pad=2)
        panels[-1].set_xlabel('frames changed')
        figure.supylabel('successes', color=MUTED, fontsize=9)

    title = 'Frames needed'
    note = 'Successful samples only.'
    return Plot(title, 'sweep-needed', draw, 0.7 + 0.75 * len(frames), note)


def _histogram(axes: Axes, frames: Sequence[int], top: int, strength: float) -> None:
    """Counts of 0..top frames, a bar each while these are few."""
    width = max(1, -(-top // 40))
    edges = np.arange(-0.5, top + width + 0.5, width)
    axes.hist(frames, bins=list(edges), color=ADVERSARIAL, alpha=strength, rwidth=0.9)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(2, integer=True))
    axes.tick_params(length=0)
    axes.tick_params(axis='y', labelcolor=MUTED)
    axes.grid(axis='y')


def _strength(place: int, total: int) -> float:
    """Opacity of the ``place``-th of ``total`` budgets."""
    return 1.0 if total < 2 else 0.35 + 0.65 * place / (total - 1)
