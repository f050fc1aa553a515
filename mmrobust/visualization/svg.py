"""Matplotlib figures as SVG that follows the reader's light or dark colours."""

import io
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from markupsafe import Markup, escape
from matplotlib import rc_context
from matplotlib.colors import get_named_colors_mapping
from matplotlib.figure import Figure

# Longer labels are cut.
MAX_LETTERS = 24
# Names of colours: those of the page's CSS variables behind a prefix.
INK, MUTED, GRID = 'mmrobust:ink', 'mmrobust:muted', 'mmrobust:line'
CLEAN, ADVERSARIAL = 'mmrobust:clean', 'mmrobust:adversarial'
PAPER, GOOD = 'mmrobust:paper', 'mmrobust:good'
# Stand-ins that matplotlib writes in their places, and that become the page's variables.
STAND_INS = {
    name: f'#0102{number:02}'
    for number, name in enumerate((INK, MUTED, GRID, CLEAN, ADVERSARIAL, PAPER, GOOD), 3)
}
STYLE = {
    'svg.fonttype': 'none',
    'svg.hashsalt': 'mmrobust',
    'font.size': 9,
    'text.parse_math': False,
    'text.color': INK,
    'axes.edgecolor': GRID,
    'axes.facecolor': 'none',
    'axes.labelcolor': MUTED,
    'axes.spines.top': False,
    'axes.spines.right': False,
    'axes.axisbelow': True,
    'axes.unicode_minus': True,
    'grid.color': GRID,
    'grid.linewidth': 0.7,
    'xtick.color': GRID,
    'ytick.color': GRID,
    'xtick.labelcolor': MUTED,
    'ytick.labelcolor': INK,
    'figure.facecolor': 'none',
    'legend.frameon': False,
    'legend.fontsize': 8.5,
}


get_named_colors_mapping().update(STAND_INS)


@contextmanager
def colours(values: Mapping[str, str]) -> Iterator[None]:
    """What the names of colours stand for, as long as something is drawn."""
    names = get_named_colors_mapping()
    # Item by item: matplotlib forgets what it looked up before.
    for name, value in values.items():
        names[name] = value
    try:
        yield
    finally:
        for name, value in STAND_INS.items():
            names[name] = value


def inline(
    draw: Callable[[Figure], None], name: str, title: str, height: float = 2.6, width: float = 4.2
) -> Markup:
    """Draw on a fresh figure and return the SVG element.

    Args:
        draw: Receives the figure.
        name: Prefix of all ids, unique on the page.
        title: Read out by screen readers.
        height: Inches of 72 units; the page scales the figure to its column.
        width: Likewise.

    Returns:
        One ``<svg>`` element without size, metadata or outside references.
    """
    buffer = io.StringIO()
    with colours(STAND_INS), rc_context(STYLE), warnings.catch_warnings():
        # The browser, not matplotlib's font, draws the letters of class names.
        warnings.filterwarnings('ignore', message='Glyph')
        figure = Figure(figsize=(width, height), layout='constrained')
        draw(figure)
        nothing = dict.fromkeys(('Creator', 'Date', 'Format', 'Type'))
        figure.savefig(buffer, format='svg', metadata=nothing, transparent=True)
    return _cleaned(buffer.getvalue(), name, title)


def standalone(
    draw: Callable[[Figure], None], title: str, palette: str, height: float, width: float
) -> str:
    """The same as the text of an .svg file.

    Args:
        draw: Receives the figure.
        title: Read out by screen readers.
        palette: The CSS that gives the page's variables their colours.
        height: Inches of 72 units.
        width: Likewise.
    """
    element = str(inline(draw, 'figure', title, height, width))
    size = f'xmlns="http://www.w3.org/2000/svg" width="{72 * width:g}" height="{72 * height:g}"'
    ground = '<rect width="100%" height="100%" style="fill: var(--paper)"/>'
    head, body = element.split('>', 1)
    style = f'<style>{palette} text {{ font-family: system-ui, sans-serif; }}</style>'
    return f'{head.replace("<svg", f"<svg {size}", 1)}>{style}{ground}{body}\n'


def slug(title: str) -> str:
    """A title as a name of ids."""
    return ''.join(letter if letter.isalnum() else '-' for letter in title)


def printable(text: object) -> str:
    """``text`` on one line and without the control characters that XML forbids."""
    return ''.join(c if c.isprintable() else ' ' for c in str(text))


def shortened(text: str) -> str:
    """``text`` with at most 24 letters, on one line."""
    line = printable(text)
    return line if len(line) <= MAX_LETTERS else line[: MAX_LETTERS - 1] + '…'


def _cleaned(svg: str, name: str, title: str) -> Markup:
    """Only the element: prefixed ids, CSS colours, the page's font, no fixed size."""
    svg = svg[svg.index('<svg') :]
    svg = re.sub(r'<metadata>.*?</metadata>', '', svg, flags=re.S)
    head, body = svg.split('>', 1)
    box = re.search(r'viewBox="[^"]*"', head)
    assert box is not None
    body = re.sub(r'(\sid="|(?:xlink:)?href="#|url\(#)', rf'\g<1>{name}-', body)
    body = body.replace('xlink:href', 'href')
    for colour, stand_in in STAND_INS.items():
        body = body.replace(stand_in, f'var(--{colour.split(":")[1]})')
    body = re.sub(r'font: ([\d.]+px) [^;\"]*', r'font-size: \1', body)
    label = escape(title)
    return Markup(f'<svg {box[0]} role="img" aria-label="{label}">{body}')  # noqa: S704
