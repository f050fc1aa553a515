"""Figures of a transfer matrix.

A cell is a mapping with the keys of :func:`mmrobust.transfer.matrix.cell`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mmrobust.visualization.curves import Curve, draw_curves
from mmrobust.visualization.document import palette
from mmrobust.visualization.formatting import DASH, number, percent
from mmrobust.visualization.plot import Plot
from mmrobust.visualization.svg import ADVERSARIAL, GRID, INK, shortened, standalone

Cells = Sequence[Mapping[str, Any]]

# Opacity of a success rate of 1: text on it stays readable, light and dark.
STRONGEST = 0.6
NOTE = (
    'Success rate on the target (column) of clips crafted on the source (row), below it the '
    'samples that both classify right. Framed: white box.'
)


def transfer_plots(cells: Cells) -> list[Plot]:
    """A heat map per attack and eps, then accuracy over eps per attack and target."""
    found: list[Plot] = []
    for attack, eps in _panels(cells):
        title = f'{attack}, eps {number(eps)}'
        panel = _panel(cells, attack, eps)

        def draw(figure: Figure, panel: Cells = panel) -> None:
            heat_map(figure.subplots(), panel)

        height = 1.0 + 0.62 * len(_values(panel, 'source'))
        found.append(Plot(title, f'heat-{len(found)}', draw, height, NOTE))
    for attack in _values(cells, 'attack'):
        for target in _values(cells, 'target'):
            found.append(_accuracy(cells, attack, target, len(found)))
    return found


def transfer_svg(cells: Cells) -> str:
    """All heat maps as one .svg file: a row per attack, a column per eps."""
    attacks, budgets = _values(cells, 'attack'), _values(cells, 'eps')
    first = _panel(cells, attacks[0], budgets[0])
    wide, high = (len(_values(first, key)) for key in ('target', 'source'))

    def draw(figure: Figure) -> None:
        grid = figure.subplots(len(attacks), len(budgets), squeeze=False)
        for line, attack in zip(grid, attacks, strict=True):
            for axes, eps in zip(line, budgets, strict=True):
                heat_map(axes, _panel(cells, attack, eps))
                axes.set_title(f'{shortened(attack)}, eps {number(eps)}', color=INK, fontsize=9)

    height, width = len(attacks) * (1.2 + 0.55 * high), len(budgets) * (1.5 + 0.95 * wide)
    return standalone(draw, 'Transfer matrix', palette(), height, width)


def heat_map(axes: Axes, panel: Cells) -> None:
    """Sources down, targets across; the cells of one attack and eps."""
    sources, targets = _values(panel, 'source'), _values(panel, 'target')
    for cell in panel:
        x, y = targets.index(cell['target']), sources.index(cell['source'])
        rate = cell['success_rate']
        shade = STRONGEST * (rate or 0)
        place = (x - 0.48, y - 0.47), 0.96, 0.94
        axes.add_patch(Rectangle(*place, facecolor=ADVERSARIAL, alpha=shade, linewidth=0))
        edge, width = (INK, 1.2) if cell['white_box'] else (GRID, 0.7)
        axes.add_patch(Rectangle(*place, fill=False, edgecolor=edge, linewidth=width))
        text = DASH if rate is None else percent(rate)
        axes.text(x, y - 0.1, text, ha='center', va='center', fontsize=9.5)
        below = f'of {cell["both_right"]}'
        axes.text(x, y + 0.25, below, ha='center', va='center', fontsize=7.5)
    axes.set_xlim(-0.5, len(targets) - 0.5)
    axes.set_ylim(len(sources) - 0.5, -0.5)
    axes.set_xticks(range(len(targets)), [shortened(name) for name in targets])
    axes.set_yticks(range(len(sources)), [shortened(name) for name in sources])
    axes.tick_params(length=0, labelcolor=INK)
    axes.spines[:].set_visible(False)
    axes.set_xlabel('shown to')
    axes.set_ylabel('crafted on')


def _accuracy(cells: Cells, attack: str, target: str, place: int) -> Plot:
    """The target's accuracy over eps, a curve per source."""
    chosen = [c for c in cells if c['attack'] == attack and c['target'] == target]
    curves = [
        _curve([c for c in chosen if c['source'] == source], source, number)
        for number, source in enumerate(_values(chosen, 'source'))
    ]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        draw_curves(axes, curves, 'eps')
        axes.set_ylabel('accuracy')

    title = f'{target} under {attack}'
    note = (
        f'Accuracy of {target} over all samples, by where clips were crafted; band: 95 % '
        'Wilson interval.'
    )
    return Plot(title, f'curve-{place}', draw, 2.9, note)


def _curve(cells: Cells, source: str, place: int) -> Curve:
    """The ``place``-th source's cells by eps; eps 0 is the target on clean clips."""
    white = cells[0]['white_box']
    label = 'itself' if white else shortened(source)
    keys = ('eps', *(f'adversarial_accuracy{end}' for end in ('', '_low', '_high')))
    columns = [[cell[key] for cell in cells] for key in keys]
    if columns[0][0] > 0:
        clean = cells[0]['clean_accuracy']
        for column, value in zip(columns, (0.0, clean, clean, clean), strict=True):
            column.insert(0, value)
    x, y, low, high = columns
    return Curve(label, x, y, low, high, None if white else place)


def _panels(cells: Cells) -> list[tuple[str, float]]:
    return list(dict.fromkeys((c['attack'], c['eps']) for c in cells))


def _panel(cells: Cells, attack: str, eps: float) -> Cells:
    return [c for c in cells if c['attack'] == attack and c['eps'] == eps]


def _values(cells: Cells, key: str) -> list[Any]:
    """The different values of ``key``, in their order."""
    return list(dict.fromkeys(cell[key] for cell in cells))
