"""Success against queries."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter, StrMethodFormatter

from mmrobust.visualization.formatting import real
from mmrobust.visualization.plot import Plot
from mmrobust.visualization.svg import ADVERSARIAL


def query_curve(card: Mapping[str, Any]) -> Plot | None:
    """The curve; None without successes or queries."""
    found = card.get('query') or {}
    points, budget = found.get('curve') or [], real(found.get('budget'))
    if len(points) < 2 or not budget:
        return None

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        draw_steps(axes, points, budget, ADVERSARIAL)
        axes.set_xlabel('queries')
        axes.set_ylabel('fooled')

    title = 'Success against queries'
    note = f'Share of attacked samples that were fooled with no more queries; budget {budget:,.0f}.'
    return Plot(title, 'queries', draw, 2.6, note)


def draw_steps(
    axes: Axes, points: list[tuple[int, float]], budget: float, colour: str, label: str = ''
) -> None:
    """The empirical distribution function of the queries, up to the last success or budget."""
    x, y = zip(*points, strict=True)
    # On a logarithmic axis the first tens of queries are seen, too.
    end = max(min(1.15 * x[-1], budget), x[-1], 10)
    axes.step([*x, end], [*y, y[-1]], where='post', color=colour, label=label)
    axes.set_xscale('symlog', linthresh=10)
    axes.set_xlim(0, None)
    axes.xaxis.set_major_formatter(StrMethodFormatter('{x:,.0f}'))
    axes.set_ylim(0, 1.04)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.grid(axis='y')
