"""Shares of 1 over a budget, or over anything else that grows; for several figures."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from mmrobust.visualization.svg import ADVERSARIAL, CLEAN, GOOD, INK, MUTED

COLOURS = (CLEAN, GOOD, INK, MUTED)
DASHES = ('-', (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
MARKERS = 's^Dv'


@dataclass(frozen=True)
class Curve:
    """A line with a band round it.

    Attributes:
        label: Named so in the legend.
        x: Ascending.
        y: Shares of 1, as many.
        low: The band's lower end, as many; empty for no band.
        high: Its upper end.
        place: Decides colour, dashes and marker; None for those of an attack.
    """

    label: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    place: int | None = None


def draw_curves(axes: Axes, curves: Sequence[Curve], label: str) -> None:
    """Curves over the budget, with a legend where there is more than one.

    Args:
        axes: Empty.
        curves: At least one.
        label: What the horizontal axis is.
    """
    for curve in curves:
        number = curve.place or 0
        colour = ADVERSARIAL if curve.place is None else COLOURS[number % len(COLOURS)]
        dash = DASHES[number // len(COLOURS) % len(DASHES)]
        marker = 'o' if curve.place is None else MARKERS[number % len(MARKERS)]
        axes.plot(curve.x, curve.y, marker, ls=dash, color=colour, lw=1.6, ms=4, label=curve.label)
        if curve.low:
            axes.fill_between(curve.x, curve.low, curve.high, color=colour, alpha=0.14, lw=0)
    share_axis(axes)
    axes.set_xlabel(label)
    axes.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
    if len(curves) > 1:
        legend(axes, len(curves))


def legend(axes: Axes, entries: int) -> None:
    """Above the axes, in as many columns as fit."""
    columns = min(entries, 3)
    axes.legend(loc='lower center', bbox_to_anchor=(0.5, 1), ncols=columns, handlelength=1.8)


def share_axis(axes: Axes) -> None:
    """A vertical axis from 0 to 100 %."""
    axes.set_ylim(-0.03, 1.03)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.tick_params(length=0)
    axes.tick_params(axis='y', labelcolor=MUTED)
    axes.grid(axis='y')
