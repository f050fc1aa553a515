"""Figures of a page as files of their own, for papers: SVG, PNG and PDF."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from mmrobust.io.atomic import replacing
from mmrobust.visualization.document import palette
from mmrobust.visualization.plot import WIDTH, Plot
from mmrobust.visualization.svg import STYLE, colours

KINDS = ('svg', 'png', 'pdf')
DOTS = 300
# Letters stay letters in an SVG; in a PDF their outlines are embedded as publishers ask for.
PRINTED = {'svg.fonttype': 'none', 'pdf.fonttype': 42, 'font.family': 'DejaVu Sans'}
# No times: the same figure is the same file.
UNDATED = {
    'svg': {'Date': None, 'Creator': None},
    'pdf': {'CreationDate': None, 'Creator': None, 'Producer': None},
    'png': {'Software': None},
}


def write_figures(folder: Path, plots: Sequence[Plot], kinds: Sequence[str]) -> dict[Path, str]:
    """Write every figure in the light colours of the page, 4.2 inches wide.

    Args:
        folder: Missing ones are made.
        plots: The figures; their names are those of the files.
        kinds: Among KINDS.

    Returns:
        The files, and of each the figure's title.
    """
    found = {}
    for plot in plots:
        for kind in kinds:
            path = folder / f'{plot.name}.{kind}'
            with replacing(path) as temporary:
                _write(temporary, plot, kind)
            found[path] = plot.title
    return found


def light_colours() -> dict[str, str]:
    """What the names of colours stand for on a light page."""
    light = palette().split('@media')[0]
    found = dict(re.findall(r'--(\w+): (#[0-9a-f]{6});', light))
    return {f'mmrobust:{name}': value for name, value in found.items()}


def _write(path: Path, plot: Plot, kind: str) -> None:
    style = STYLE | PRINTED
    with colours(light_colours()), rc_context(style), warnings.catch_warnings():
        # A letter that the font lacks is a box in PNG and PDF, and whole in SVG.
        warnings.filterwarnings('ignore', message='Glyph')
        figure = Figure(figsize=(WIDTH, plot.height), layout='constrained')
        plot.draw(figure)
        ground = 'white' if kind == 'png' else 'none'
        metadata = UNDATED[kind]
        figure.savefig(path, format=kind, dpi=DOTS, facecolor=ground, metadata=metadata)
