"""Captions in pictures, drawn by Pillow in matplotlib's own font.

Shapes: H rows, W columns.
"""

from bisect import bisect_left
from functools import lru_cache
from pathlib import Path

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

# Of strips over moving pictures, and of those that are to be printed.
BACKGROUND, INK = 24, 235
PAPER, PRINT = 255, 24
MARGIN = 4
# Of panels at about their own size on a screen, and of pictures that are shown smaller.
SMALL, LARGE = 13, 20
# Height of the strip and place of the letters' foot, for letters of the small size.
STRIP, BASELINE = 24, 17


def caption_strip(
    text: str, width: int, size: int = SMALL, *, lines: int = 1, printed: bool = False
) -> NDArray[np.uint8]:
    """A strip (H, ``width``, 1) with text, shortened with an ellipsis.

    Args:
        text: Line breaks become spaces.
        width: In pixels.
        size: Of the letters, in pixels.
        lines: There is room for so many.
        printed: Dark on white; otherwise light on dark.
    """
    ground, ink = (PAPER, PRINT) if printed else (BACKGROUND, INK)
    height = round(STRIP * size / SMALL)
    strip = Image.new('L', (width, lines * height), ground)
    for number, line in enumerate(_lines(text.split(), width - 2 * MARGIN, size, lines)):
        foot = MARGIN, number * height + round(BASELINE * size / SMALL)
        ImageDraw.Draw(strip).text(foot, line, ink, _font(size), anchor='ls')
    return np.array(strip)[:, :, None]


def _lines(words: list[str], width: int, size: int, lines: int) -> list[str]:
    """At most ``lines`` lines, each full; the last one is shortened."""
    found: list[str] = []
    while len(found) < lines - 1 and words:
        fits = [n for n in range(1, len(words) + 1) if _length(words[:n], size) <= width]
        kept = max(fits, default=1)
        found.append(_fitted(' '.join(words[:kept]), width, size))
        words = words[kept:]
    return [*found, _fitted(' '.join(words), width, size)]


def _length(words: list[str], size: int) -> float:
    return _font(size).getlength(' '.join(words))


def _fitted(line: str, width: int, size: int) -> str:
    """The line, shortened with an ellipsis to ``width`` pixels."""
    length = _font(size).getlength
    if length(line) <= width:
        return line
    kept = bisect_left(range(1, len(line)), True, key=lambda n: length(line[:n] + '…') > width)
    return line[:kept] + '…'


@lru_cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """The font; letters follow each other as they come, on every machine."""
    path = Path(matplotlib.get_data_path()) / 'fonts' / 'ttf' / 'DejaVuSans.ttf'
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
