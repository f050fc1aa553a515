"""What became of each class: a confusion matrix, and a table for any number of classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mmrobust.visualization.formatting import DASH, class_name, number
from mmrobust.visualization.plot import Plot
from mmrobust.visualization.samples import Cell, Column
from mmrobust.visualization.svg import ADVERSARIAL, CLEAN, GRID, INK, MUTED, shortened

Card = Mapping[str, Any]

# Of more classes a matrix is too fine to read; the table has all.
MAX_CLASSES = 14
# Classes that a class becomes, named in the table.
NAMED = 3
# Opacity of a share of 1: numbers on it stay readable, light and dark.
STRONGEST = 0.6
COLUMNS = {
    'evaluated': 'evaluated',
    'right': 'right when clean',
    'attacked': 'attacked',
    'fooled': 'fooled',
}


def confusion(card: Card) -> Plot | None:
    """True class against the class under attack, a number of attacked samples in each cell."""
    rows = [row for row in card.get('by_class') or [] if row['attacked']]
    labels = sorted({row['label'] for row in rows} | {int(p) for r in rows for p in r['becomes']})
    if not rows or not 2 <= len(labels) <= MAX_CLASSES:
        return None
    names = [shortened(class_name(label, card.get('classes') or [])) for label in labels]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for y, row in enumerate(rows):
            for x, label in enumerate(labels):
                count = row['becomes'].get(str(label), 0)
                colour = CLEAN if label == row['label'] else ADVERSARIAL
                shade = STRONGEST * count / row['attacked']
                place = (x - 0.47, y - 0.47), 0.94, 0.94
                axes.add_patch(Rectangle(*place, facecolor=colour, alpha=shade, linewidth=0))
                axes.add_patch(Rectangle(*place, fill=False, edgecolor=GRID, linewidth=0.7))
                if count:
                    axes.text(x, y, str(count), ha='center', va='center', fontsize=8.5)
        axes.set_xlim(-0.5, len(labels) - 0.5)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xticks(range(len(labels)), names, rotation=60, ha='right', rotation_mode='anchor')
        axes.set_yticks(range(len(rows)), [names[labels.index(row['label'])] for row in rows])
        axes.tick_params(length=0, labelcolor=INK)
        axes.spines[:].set_visible(False)
        axes.set_xlabel('under attack', color=MUTED)

    note = f'Attacked samples, by {_kind(card)} (row) and class under attack. Blue: held.'
    return Plot('Which class it becomes', 'confusion', draw, 1.5 + 0.24 * len(rows), note)


def classes_table(card: Card) -> tuple[list[Column], list[list[Cell]]]:
    """Headings and cells of the table by class; empty where nothing is classified."""
    rows, names = card.get('by_class') or [], card.get('classes') or []
    counts = {key: name for key, name in COLUMNS.items() if any(r[key] is not None for r in rows)}
    columns = [Column(_kind(card)), *(Column(name, numeric=True) for name in counts.values())]
    table = []
    for row in rows:
        name, becomes = class_name(row['label'], names), _becomes(row, names)
        cells = [Cell(name, name.lower(), 'word')]
        cells += [Cell(number(row[key], 9), float(row[key]), 'n') for key in counts]
        table.append([*cells, Cell(becomes, becomes.lower(), 'name')])
    return [*columns, Column('becomes')], table


def never_attacked(card: Card) -> str:
    """The classes of which no sample was attacked, in words; '' for none."""
    names = card.get('classes') or []
    bare = [class_name(r['label'], names) for r in card.get('by_class') or [] if not r['attacked']]
    if not bare:
        return ''
    more = f' and {len(bare) - MAX_CLASSES} more' if len(bare) > MAX_CLASSES else ''
    return f'Nothing was attacked of: {", ".join(bare[:MAX_CLASSES])}{more}.'


def _kind(card: Card) -> str:
    """What the rows are classes by."""
    known = any(row['right'] is not None for row in card.get('by_class') or [])
    return 'true class' if known else 'class when clean'


def _becomes(row: Mapping[str, Any], names: Sequence[str]) -> str:
    """'run 5, jump 2': the other classes that it is taken for, the most first."""
    others = [(k, n) for k, n in row['becomes'].items() if int(k) != row['label']]
    if not others:
        return DASH
    shown = ', '.join(f'{class_name(int(k), names)} {n}' for k, n in others[:NAMED])
    rest = sum(n for _, n in others[NAMED:])
    return f'{shown}, others {rest}' if rest else shown
