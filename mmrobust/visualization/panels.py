"""Frames side by side: clean, adversarial, and their amplified difference.

Shapes: T frames, H rows, W columns; frames are uint8 RGB of shape (T, H, W, 3).
"""

import math
import warnings
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.ft2font import FT2Font
from numpy.typing import NDArray

from mmrobust.visualization.frames import Frames, check_frames, enlarge

MAX_AMPLIFY = 32.0
GAP = 4
FONT_SIZE = 13
STRIP = 24
BASELINE = 17
BACKGROUND = 24
INK = 235
Frame = NDArray[np.uint8]


def triptych(
    clean: Frames,
    adversarial: Frames,
    amplify: float | None = None,
    *,
    clean_label: str = '',
    adversarial_label: str = '',
) -> Frames:
    """Clean | adversarial | 128 + amplify * (adversarial - clean), with captions.

    Args:
        clean: uint8 RGB, (T, H, W, 3).
        adversarial: The same shape and type.
        amplify: Factor of the difference. By default the largest difference
            fills the range, but by 32 times at most.
        clean_label: Shown after 'clean: '.
        adversarial_label: Shown after 'adversarial: '.

    Returns:
        uint8 RGB, (T, H', W', 3), panels at least about 160 pixels high.

    Raises:
        ValueError: If the frames are malformed or unequal in shape, or
            ``amplify`` is not above 0.
    """
    _check_pair(clean, adversarial)
    left = _panel(clean, 'clean', clean_label)
    middle = _panel(adversarial, 'adversarial', adversarial_label)
    return _joined([left, middle, _difference(clean, adversarial, amplify)])


def side_by_side(panels: Mapping[str, Frame], pair: tuple[Frame, Frame]) -> Frame:
    """Pictures with their titles, and at the right the amplified difference of a pair.

    Args:
        panels: Title -> uint8 RGB, (H, W, 3), all of one shape.
        pair: Clean and adversarial picture of that shape, nothing drawn on them.

    Returns:
        uint8 RGB, (H', W', 3).

    Raises:
        ValueError: The pictures are malformed or unequal in shape.
    """
    clean, adversarial = (picture[None] for picture in pair)
    for picture in panels.values():
        _check_pair(clean, picture[None])
    _check_pair(clean, adversarial)
    parts = [_panel(picture[None], title) for title, picture in panels.items()]
    return _joined([*parts, _difference(clean, adversarial, None)])[0]


def _joined(panels: Sequence[Frames]) -> Frames:
    """Panels in a row, with gaps."""
    gap = np.full((*panels[0].shape[:2], GAP, 3), BACKGROUND, np.uint8)
    parts = [part for panel in panels for part in (panel, gap)]
    return np.concatenate(parts[:-1], axis=2)


def _difference(clean: Frames, adversarial: Frames, amplify: float | None) -> Frames:
    """The panel of the amplified difference."""
    if amplify is None:
        amplify = _amplification(clean, adversarial)
    if not 0 < amplify < math.inf:
        raise ValueError(f'amplify must be a finite number above 0, got {amplify!r}')
    lifted = np.rint(128 + amplify * (adversarial.astype(np.float32) - clean))
    difference = lifted.clip(0, 255).astype(np.uint8)
    return _panel(difference, f'difference \N{MULTIPLICATION SIGN} {amplify:.3g}')


def _check_pair(clean: Frames, adversarial: Frames) -> None:
    check_frames(clean, 'clean')
    check_frames(adversarial, 'adversarial')
    if clean.shape != adversarial.shape:
        raise ValueError(
            f'adversarial must have the shape of clean, {clean.shape}, got {adversarial.shape}'
        )


def _amplification(clean: Frames, adversarial: Frames) -> float:
    """The factor that maps the largest difference to 127, 32 at most."""
    largest = int(np.abs(adversarial.astype(np.int16) - clean).max())
    if largest == 0:
        return 1.0
    factor = min(127 / largest, MAX_AMPLIFY)
    return float(math.floor(factor)) if factor >= 1 else factor


def _panel(frames: Frames, title: str, label: str = '') -> Frames:
    """Enlarged frames below a dark strip with text: (T, STRIP + H', W', 3)."""
    frames = enlarge(frames)
    steps, _, width, _ = frames.shape
    strip = np.full((STRIP, width, 1), BACKGROUND, np.uint8)
    text, descent = _fitted(f'{title}: {label}' if label else title, width - 8)
    text = text[:STRIP, : max(width - 4, 0), None]
    top = min(max(BASELINE - text.shape[0] + descent, 0), STRIP - text.shape[0])
    region = strip[top : top + text.shape[0], 4 : 4 + text.shape[1]]
    region[...] = np.rint(BACKGROUND + text / 255 * (INK - BACKGROUND))
    return np.concatenate([np.broadcast_to(strip, (steps, STRIP, width, 3)), frames], axis=1)


def _fitted(caption: str, width: int) -> tuple[NDArray[np.uint8], int]:
    """The caption drawn, shortened with an ellipsis to ``width`` pixels."""
    if _drawn(caption)[0].shape[1] <= width:
        return _drawn(caption)
    too_long = partial(_is_wider, caption=caption, width=width)
    kept = bisect_left(range(1, len(caption)), True, key=too_long)
    return _drawn(caption[:kept] + '…')


def _is_wider(kept: int, caption: str, width: int) -> bool:
    """Whether the caption's first ``kept`` letters and an ellipsis exceed ``width``."""
    return _drawn(caption[:kept] + '…')[0].shape[1] > width


@lru_cache(maxsize=256)
def _drawn(text: str) -> tuple[NDArray[np.uint8], int]:
    """Anti-aliased text in matplotlib's own font: coverage (h, w), rows below the baseline."""
    font = FT2Font(str(Path(matplotlib.get_data_path()) / 'fonts' / 'ttf' / 'DejaVuSans.ttf'))
    font.set_size(FONT_SIZE, 72)
    with warnings.catch_warnings():
        # A script that the font lacks becomes boxes, not noise on the terminal.
        warnings.simplefilter('ignore')
        font.set_text(' '.join(text.split()), 0)
        font.draw_glyphs_to_bitmap(antialiased=True)
    return np.asarray(font.get_image()), font.get_descent() // 64
