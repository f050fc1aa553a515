"""Query attacks beside each other: success and the gradient's cosine against queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, StrMethodFormatter

from mmrobust.evaluation.arms import Arm
from mmrobust.evaluation.queries import cosine_curve, curve
from mmrobust.visualization.curves import legend, share_axis
from mmrobust.visualization.plot import Plot
from mmrobust.visualization.svg import ADVERSARIAL, CLEAN, GOOD, INK, MUTED, slug

Arms = Mapping[str, Arm]
# The arm in question has the colour of attacks in every figure.
OTHERS = (CLEAN, GOOD, INK, MUTED)
DASH = (0, (5, 2))


def success_plots(
    name: str, arms: Arms, groups: Mapping[str, Sequence[str]], first: str, apart: str
) -> list[Plot]:
    """Success against queries, a figure per group of which two arms are there.

    Arms of a group are drawn with the videos that all of it were tried on; searches from a
    clip of the target class are their own.

    Args:
        name: Begins the titles.
        arms: By name.
        groups: Title -> its arms.
        first: The arm in question.
        apart: The arm that starts from a clip of the target class.
    """
    found = []
    for title, group in groups.items():
        shown = {arm: arms[arm] for arm in group if arm in arms}
        if len(shown) > 1:
            tried = [set(arm.success) for key, arm in shown.items() if key != apart]
            common = set.intersection(*tried)
            shown = {
                key: arm.under_way if key == apart else arm.only(common)
                for key, arm in shown.items()
            }
            found.append(success_plot(f'{name}: {title}', shown, first))
    return found


def success_plot(title: str, arms: Arms, first: str) -> Plot:
    """Success against queries.

    Args:
        title: Of the plot.
        arms: By name.
        first: The arm in question: on top of those that coincide with it.
    """

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for place, name in enumerate(sorted(arms, key=first.__eq__)):
            _steps(axes, arms[name], name, None if name == first else place)
        share_axis(axes)
        axes.set_xlim(1, None)
        axes.set_xscale('log')
        axes.xaxis.set_major_formatter(StrMethodFormatter('{x:,.0f}'))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel('queries')
        axes.set_ylabel('fooled')
        legend(axes, len(arms))

    note = 'Share of attacked videos, all seeds, fooled with no more queries.'
    return Plot(title, slug(title), draw, 3.2, note)


def cosine_plots(title: str, arms: Arms, first: str) -> list[Plot]:
    """Cosine of estimated and true gradient along the run; nothing where none was kept."""
    lines = {name: cosine_curve(arm.lines) for name, arm in arms.items()}
    shown = {name: points for name, points in lines.items() if points}
    if not shown:
        return []

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for place, name in enumerate(sorted(shown, key=first.__eq__)):
            queries, cosines, _ = zip(*shown[name], strict=True)
            colour = ADVERSARIAL if name == first else OTHERS[place % len(OTHERS)]
            axes.plot(queries, cosines, color=colour, lw=1.6, marker='.', label=name)
        axes.set_xlabel('queries')
        axes.set_ylabel('cosine')
        legend(axes, len(shown))

    note = 'Cosine of estimated and true gradient, mean over the videos that are not fooled yet.'
    return [Plot(title, slug(title), draw, 3.2, note)]


def _steps(axes: Axes, arm: Arm, name: str, place: int | None) -> None:
    """The share up to the budget: the last step goes on to it."""
    points = curve([line['queries'] for line in arm.lines if line['success']], len(arm.lines))
    x = [max(queries, 1) for queries, _ in points] + [arm.budget]
    y = [share for _, share in points] + [points[-1][1] if points else 0.0]
    colour = ADVERSARIAL if place is None else OTHERS[place % len(OTHERS)]
    dash = '-' if place is None or place < len(OTHERS) else DASH
    axes.step(x, y, where='post', color=colour, ls=dash, lw=1.6, label=name)
