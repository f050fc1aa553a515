"""Figures of an attacked pose estimator: success over the threshold, errors by joint.

Distances are shares of the longer side of the person's box.
"""

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

import numpy as np
import torch
from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from mmrobust.functional.keypoint_metrics import success_curve
from mmrobust.visualization.formatting import real
from mmrobust.visualization.svg import ADVERSARIAL, CLEAN, INK, inline, printable

Row = Mapping[str, Any]
Drawn = tuple[str, Markup, str]

# Thresholds up to half of the box; PCK's usual one is marked.
TAUS = torch.linspace(0, 0.5, 101, dtype=torch.float64)
USUAL = 0.2
MAX_JOINTS = 40


def tau_curve(rows: Sequence[Row]) -> Drawn | None:
    """Success rate at every threshold, whatever the goal's own is."""
    tried = [row for row in rows if row.get('attacked')]
    targeted = any(row.get('target_error') is not None for row in tried)
    key = 'target_error' if targeted else 'displacement'
    values = [value for row in tried if (value := real(row.get(key))) is not None]
    if not values:
        return None
    found = success_curve(torch.tensor(values, dtype=torch.float64), TAUS, targeted=targeted)

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.step(TAUS.tolist(), found.tolist(), where='post', color=ADVERSARIAL)
        axes.axvline(USUAL, color=INK, linewidth=1, linestyle=(0, (4, 3)))
        axes.set_xlim(0, float(TAUS[-1]))
        axes.set_ylim(0, 1.03)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(PercentFormatter(1))
        axes.set_xlabel('threshold, of the longer side of the box')
        axes.set_ylabel('success')
        axes.grid(axis='y')

    title = 'Success over the threshold'
    away, near = 'further than that from its clean prediction', 'within that of its target'
    note = f'Success here: the mean joint is {near if targeted else away}; n = {len(values)}.'
    return title, inline(draw, 'tau', title, 2.6), note


def joint_errors(card: Mapping[str, Any], rows: Sequence[Row]) -> Drawn | None:
    """Mean distance of every joint from its annotation, clean and adversarial."""
    tried = [row for row in rows if row.get('attacked') and row.get('clean_joint_errors')]
    if not tried:
        return None
    count = len(tried[0]['clean_joint_errors'])
    names = card.get('joints') or [str(index) for index in range(count)]
    means = {side: _means(tried, f'{side}_joint_errors') for side in ('clean', 'adversarial')}
    known = [j for j in range(count) if None not in (means['clean'][j], means['adversarial'][j])]
    shown = known[:MAX_JOINTS]
    if not shown:
        return None

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        places = np.arange(len(shown))
        for side, colour, shift in (('clean', CLEAN, -0.19), ('adversarial', ADVERSARIAL, 0.19)):
            widths = [means[side][j] or 0.0 for j in shown]
            axes.barh(places + shift, widths, 0.34, color=colour, label=side)
        axes.set_yticks(places, [printable(names[j]) for j in shown])
        axes.invert_yaxis()
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.set_xlabel('mean distance from the annotation, of the longer side of the box')
        axes.grid(axis='x')
        axes.legend(loc='lower center', bbox_to_anchor=(0.5, 1), ncols=2)

    title = 'Error by joint'
    note = 'Attacked samples, labelled joints.'
    if len(shown) < len(known):
        note += f' The first {len(shown)} of {len(known)} joints.'
    return title, inline(draw, 'joints', title, 1.2 + 0.24 * len(shown)), note


def _means(rows: Sequence[Row], key: str) -> list[float | None]:
    columns = zip(*(row[key] for row in rows), strict=True)
    known = [[value for value in column if value is not None] for column in columns]
    return [mean(values) if values else None for values in known]
