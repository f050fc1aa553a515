"""Figures and the table of an attacked pose estimator: over the threshold, by joint.

Distances are shares of the longer side of the person's box.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from mmrobust.evaluation.goal_curve import goal_curve
from mmrobust.evaluation.poses import by_joint, over_tau
from mmrobust.visualization.formatting import number, percent
from mmrobust.visualization.plot import Plot
from mmrobust.visualization.samples import Cell, Column
from mmrobust.visualization.svg import ADVERSARIAL, CLEAN, INK, printable

Row = Mapping[str, Any]

MAX_JOINTS = 40
SIDES = {'clean_error': 'clean', 'adversarial_error': 'adversarial'}
HEADINGS = {
    'clean_error': 'error, clean',
    'adversarial_error': 'adversarial',
    'displacement': 'displacement',
    'moved_rate': 'moved',
    'vanished_rate': 'vanished',
    'labelled': 'labelled',
}


def tau_curve(card: Mapping[str, Any], rows: Sequence[Row]) -> Plot | None:
    """Success rate at every threshold, as far as the attack went.

    Where the rows do not hold what the goal counts, how far the mean joint is.
    """
    own = goal_curve(rows, (card.get('attack') or {}).get('goal') or {})
    found = own or over_tau(rows)
    if found is None:
        return None
    taus = found['tau']

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.step(taus, found['rate'], where='post', color=ADVERSARIAL)
        if own is not None:
            axes.axvline(own['own'], color=INK, linewidth=1, linestyle=(0, (4, 3)))
        axes.set_xlim(0, taus[-1])
        axes.set_ylim(0, 1.03)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(PercentFormatter(1))
        axes.set_xlabel('threshold, of the longer side of the box')
        axes.set_ylabel('share of the samples' if own is None else 'success, of the samples')
        axes.grid(axis='y')

    title, note = _own_words(own) if own else _mean_words(found)
    return Plot(title, 'tau', draw, 2.6, note)


def _own_words(found: Mapping[str, Any]) -> tuple[str, str]:
    """Title and note of a curve that counts what the run counts."""
    note = f'Success, as the run counts it: {found["rule"]}; n = {found["n"]}. '
    note += f'Dashed: the run’s own threshold, {100 * found["own"]:.3g} %. '
    note += 'An attack that stops at its first success goes little further than that takes.'
    return 'Success over the threshold', note


def _mean_words(found: Mapping[str, Any]) -> tuple[str, str]:
    """Title and note of a curve of mean distances, which no goal here goes by."""
    aimed = found['measure'] == 'target_error'
    away = 'further than that from its clean prediction'
    what = 'nearer than that to its target' if aimed else away
    note = f'Counted here: samples whose mean joint is {what}; n = {found["n"]}. '
    note += 'The run’s success follows another rule, which these figures cannot show.'
    return 'Mean joint over the threshold', note


def joint_errors(card: Mapping[str, Any], rows: Sequence[Row]) -> Plot | None:
    """Mean distance of every joint from its annotation, clean and adversarial."""
    names = joint_names(card)
    found = list(enumerate(by_joint(rows)))
    known = [(names(j), line) for j, line in found if None not in (line[key] for key in SIDES)]
    shown = known[:MAX_JOINTS]
    if not shown:
        return None

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        places = np.arange(len(shown))
        for (key, side), colour, shift in zip(
            SIDES.items(), (CLEAN, ADVERSARIAL), (-0.19, 0.19), strict=True
        ):
            widths = [line[key] or 0.0 for _, line in shown]
            axes.barh(places + shift, widths, 0.34, color=colour, label=side)
        axes.set_yticks(places, [printable(name) for name, _ in shown])
        axes.invert_yaxis()
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.set_xlabel('error, of the longer side of the box')
        axes.grid(axis='x')
        axes.legend(loc='lower center', bbox_to_anchor=(0.5, 1), ncols=2)

    title = 'Error by joint'
    note = 'Mean distances from the annotation, attacked samples whose joint is labelled.'
    if len(shown) < len(known):
        note += f' The first {len(shown)} of {len(known)} joints.'
    return Plot(title, 'joints', draw, 1.2 + 0.24 * len(shown), note)


def joints_table(
    card: Mapping[str, Any], rows: Sequence[Row]
) -> tuple[list[Column], list[list[Cell]]]:
    """Headings and cells of the table by joint; empty without poses."""
    names, found = joint_names(card), by_joint(rows)
    # Where no joint is labelled at all, their number says nothing.
    bare = not any(line['labelled'] for line in found)
    headings = [key for key in HEADINGS if not (bare and key == 'labelled')]
    keys = [key for key in headings if any(line[key] is not None for line in found)]
    columns = [Column('joint'), *(Column(HEADINGS[key], numeric=True) for key in keys)]
    table = []
    for place, line in enumerate(found):
        cells = [Cell(name := names(place), name.lower(), 'joint')]
        for key in keys:
            text = number(line[key]) if key == 'labelled' else percent(line[key])
            cells.append(Cell(text, -1.0 if line[key] is None else float(line[key] or 0), 'n'))
        table.append(cells)
    return columns, table


def joint_names(card: Mapping[str, Any]) -> Callable[[int], str]:
    """The name of a joint, or its number where the card knows none."""
    names = card.get('joints') or []
    return lambda place: str(names[place]) if place < len(names) else str(place)
