"""Captions in pictures, drawn in matplotlib's own font.

Shapes: H rows, W columns.
"""

import warnings
from bisect import bisect_left
from functools import lru_cache, partial
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.ft2font import FT2Font
from numpy.typing import NDArray

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
    height = round(STRIP * size / SMALL)
    strip = np.full((height, width, 1), BACKGROUND, np.uint8)
    letters, descent = _fitted(text, width - 2 * MARGIN, size)
    letters = letters[:height, : max(width - MARGIN, 0), None]
    top = round(BASELINE * size / SMALL) - letters.shape[0] + descent
    top = min(max(top, 0), height - letters.shape[0])
    region = strip[top : top + letters.shape[0], MARGIN : MARGIN + letters.shape[1]]
    region[...] = np.rint(BACKGROUND + letters / 255 * (INK - BACKGROUND))
    return strip


def _fitted(caption: str, width: int, size: int) -> tuple[NDArray[np.uint8], int]:
    """The caption drawn, shortened with an ellipsis to ``width`` pixels."""
    if _drawn(caption, size)[0].shape[1] <= width:
        return _drawn(caption, size)
    too_long = partial(_is_wider, caption=caption, width=width, size=size)
    kept = bisect_left(range(1, len(caption)), True, key=too_long)
    return _drawn(caption[:kept] + '…', size)


def _is_wider(kept: int, caption: str, width: int, size: int) -> bool:
    """Whether the caption's first ``kept`` letters and an ellipsis exceed ``width``."""
    return _drawn(caption[:kept] + '…', size)[0].shape[1] > width


@lru_cache(maxsize=256)
def _drawn(text: str, size: int) -> tuple[NDArray[np.uint8], int]:
    """Anti-aliased text: coverage (H, W), rows below the baseline."""
    font = FT2Font(str(Path(matplotlib.get_data_path()) / 'fonts' / 'ttf' / 'DejaVuSans.ttf'))
    font.set_size(size, 72)
    with warnings.catch_warnings():
        # A script that the font lacks becomes boxes, not noise on the terminal.
        warnings.simplefilter('ignore')
        font.set_text(' '.join(text.split()), 0)
        font.draw_glyphs_to_bitmap(antialiased=True)
    return np.asarray(font.get_image()), font.get_descent() // 64
