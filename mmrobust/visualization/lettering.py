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

BACKGROUND, INK = 24, 235
MARGIN = 4
# Of panels at about their own size on a screen, and of pictures that are shown smaller.
SMALL, LARGE = 13, 20
# Height of the strip and place of the letters' foot, for letters of the small size.
STRIP, BASELINE = 24, 17


def caption_strip(text: str, width: int, size: int = SMALL) -> NDArray[np.uint8]:
    """A dark strip (H, ``width``, 1) with text on one line, shortened with an ellipsis.

    Args:
        text: Line breaks become spaces.
        width: In pixels.
        size: Of the letters, in pixels.
    """
    strip = Image.new('L', (width, round(STRIP * size / SMALL)), BACKGROUND)
    line = _fitted(' '.join(text.split()), width - 2 * MARGIN, size)
    foot = MARGIN, round(BASELINE * size / SMALL)
    ImageDraw.Draw(strip).text(foot, line, INK, _font(size), anchor='ls')
    return np.array(strip)[:, :, None]


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
