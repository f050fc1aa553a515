"""The figures of the report; each returns None where its data are missing."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from mmrobust.visualization import summary
from mmrobust.visualization.class_figures import confusion, never_attacked
from mmrobust.visualization.formatting import class_name, is_share, number, percent, real
from mmrobust.visualization.plot import Plot
from mmrobust.visualization.pose_figures import joint_errors, tau_curve
from mmrobust.visualization.query_figure import query_curve
from mmrobust.visualization.svg import (
    ADVERSARIAL,
    CLEAN,
    GRID,
    INK,
    MUTED,
    PAPER,
    shortened,
)

Row = Mapping[str, Any]

MAX_POINTS = 1000
MAX_CLASSES = 16


def plots(card: Mapping[str, Any], rows: Sequence[Row]) -> list[Plot]:
    """All figures that the data allow."""
    names = card.get('classes') or []
    found = [
        accuracy(card),
        query_curve(card),
        confidence(rows),
        classes(rows, names, never_attacked(card)),
        confusion(card),
        tau_curve(card, rows),
        joint_errors(card, rows),
        size(card, rows),
    ]
    return [plot for plot in found if plot is not None]


def accuracy(card: Mapping[str, Any]) -> Plot | None:
    """Bars of every metric that is a share of 1, clean beside adversarial."""
    clean, adversarial = card.get('clean') or {}, card.get('adversarial') or {}
    names = [n for n in clean if n in adversarial and is_share(n, clean[n], adversarial[n])]
    pairs = [(n, real(clean[n]), real(adversarial[n])) for n in names]
    bars = [(n, a, b) for n, a, b in pairs if a is not None and b is not None][:6]
    if not bars:
        return None

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        places = np.arange(len(bars))
        for values, colour, label, shift in (
            ([b[1] for b in bars], CLEAN, 'clean', -0.19),
            ([b[2] for b in bars], ADVERSARIAL, 'adversarial', 0.19),
        ):
            axes.barh(places + shift, values, 0.34, color=colour, label=label)
            for place, value in zip(places, values, strict=True):
                axes.text(value + 0.015, place + shift, percent(value), va='center', fontsize=8.5)
        axes.set_yticks(places, [shortened(b[0]) for b in bars])
        axes.invert_yaxis()
        _share_axis(axes, 1.16)
        axes.legend(loc='lower center', bbox_to_anchor=(0.5, 1), ncols=2)

    return Plot('Clean and adversarial', 'accuracy', draw, 1.15 + 0.5 * len(bars))


def size(card: Mapping[str, Any], rows: Sequence[Row]) -> Plot | None:
    """Histograms of the norms of the perturbation over the attacked samples."""
    norms = {'l_inf': _values(rows, 'linf'), 'l_2': _values(rows, 'l2')}
    norms = {name: values for name, values in norms.items() if values}
    if not norms:
        return None

    def draw(figure: Figure) -> None:
        for axes, (name, values) in zip(
            np.atleast_1d(figure.subplots(1, len(norms))), norms.items(), strict=True
        ):
            _histogram(axes, values)
            axes.set_xlabel(f'{name} norm, {summary.unit(card)}')
        figure.axes[0].set_ylabel('samples')

    title = 'Size of the perturbation'
    return Plot(title, 'size', draw, 2.4, 'Attacked samples; dashed: the median.')


def _histogram(axes: Axes, values: Sequence[float]) -> None:
    """Counts over 0..max, with the median marked."""
    top = (max(values) or 1.0) * 1.03
    axes.hist(values, bins=20, range=(0, top), color=ADVERSARIAL, rwidth=0.9)
    middle = float(np.median(values))
    axes.axvline(middle, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    left = middle > top / 2
    axes.annotate(
        number(middle, 3),
        (middle, 1),
        (-4 if left else 4, -2),
        xycoords=('data', 'axes fraction'),
        textcoords='offset points',
        ha='right' if left else 'left',
        va='top',
        fontsize=8.5,
    )
    axes.set_xlim(0, top)
    axes.margins(y=0.18)
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10], integer=True))
    axes.tick_params(axis='y', labelcolor=MUTED)
    axes.grid(axis='y')


def confidence(rows: Sequence[Row]) -> Plot | None:
    """Probability of the true class, clean against adversarial, one dot per sample."""
    pairs = [
        (before, after, bool(row.get('success')))
        for row in rows
        if row.get('attacked')
        and (before := real(row.get('clean_confidence'))) is not None
        and (after := real(row.get('adversarial_confidence'))) is not None
    ]
    if not pairs:
        return None
    shown = pairs[:: -(-len(pairs) // MAX_POINTS)]
    dot = 26 if len(shown) < 200 else 12

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.text(0.03, 0.09, 'unchanged', color=MUTED, fontsize=8, rotation=35)
        for success, colour, label in ((False, CLEAN, 'resisted'), (True, ADVERSARIAL, 'fooled')):
            chosen = [(a, b) for a, b, hit in shown if hit is success]
            x, y = [a for a, _ in chosen], [b for _, b in chosen]
            dots = f'{label} ({sum(hit is success for *_, hit in pairs)})'
            axes.scatter(x, y, dot, color=colour, edgecolors=PAPER, linewidths=0.5, label=dots)
        axes.set_ylim(-0.04, 1.04)
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.tick_params(axis='y', labelcolor=MUTED)
        _share_axis(axes, 1.04, -0.04)
        axes.grid(axis='y')
        axes.set_xlabel('probability, clean')
        axes.set_ylabel('probability, adversarial')
        axes.legend(loc='lower center', bbox_to_anchor=(0.5, 1), ncols=2, handletextpad=0.2)

    note = '' if len(shown) == len(pairs) else f'{len(shown)} of {len(pairs)} samples drawn.'
    title = 'Confidence in the true class'
    return Plot(title, 'confidence', draw, 3.2, note)


def classes(rows: Sequence[Row], names: Sequence[str], more: str = '') -> Plot | None:
    """Success rate per true class (predicted, without any), the most attacked first to stay.

    Args:
        rows: Every sample's.
        names: Of the classes; empty to show numbers.
        more: Said below the figure.
    """
    hits: defaultdict[str, list[bool]] = defaultdict(list)
    known = any(row.get('label') is not None for row in rows)
    key = 'label' if known else 'clean_prediction'
    for row in rows:
        if row.get('attacked') and row.get(key) is not None:
            hits[class_name(row[key], names)].append(bool(row.get('success')))
    if len(hits) < 2:
        return None
    kept = sorted(hits, key=lambda name: -len(hits[name]))[:MAX_CLASSES]
    kept.sort(key=lambda name: (-np.mean(hits[name]), name))
    rates = [float(np.mean(hits[name])) for name in kept]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        places = np.arange(len(kept))
        axes.barh(places, [1] * len(kept), 0.62, color=GRID, alpha=0.6)
        axes.barh(places, rates, 0.62, color=ADVERSARIAL)
        for place, name in zip(places, kept, strict=True):
            text = f'{sum(hits[name])} of {len(hits[name])}'
            axes.text(1.02, place, text, va='center', fontsize=8.5, color=MUTED)
        axes.set_yticks(places, [shortened(name) for name in kept])
        axes.invert_yaxis()
        _share_axis(axes, 1.2)

    cut = '' if len(kept) == len(hits) else f'The {len(kept)} most frequent of {len(hits)} classes.'
    note = ' '.join(filter(None, (cut, more)))
    title = 'Fooled, by true class' if known else 'Fooled, by the class predicted when clean'
    return Plot(title, 'classes', draw, 0.6 + 0.22 * len(kept), note)


def _values(rows: Sequence[Row], key: str) -> list[float]:
    chosen = [real(row.get(key)) for row in rows if row.get('attacked')]
    return [value for value in chosen if value is not None]


def _share_axis(axes: Axes, right: float, left: float = 0.0) -> None:
    """A horizontal axis from 0 to 100 %, with room for text at its right."""
    axes.set_xlim(left, right)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.tick_params(length=0)
    axes.grid(axis='x')
