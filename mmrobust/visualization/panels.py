"""Frames side by side: clean, adversarial, and their amplified difference.

Shapes: T frames, H rows, W columns; frames are uint8 RGB of shape (T, H, W, 3),
pictures of shape (H, W, 3).
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mmrobust.io.frames import Frames, check_frames, enlarge
from mmrobust.visualization.lettering import BACKGROUND, PAPER, SMALL, caption_strip

# One factor for all changes: a weak one is to look weaker than a strong one.
AMPLIFY = 8.0
GAP = 4
Frame = NDArray[np.uint8]


def triptych(
    clean: Frames,
    adversarial: Frames,
    amplify: float = AMPLIFY,
    *,
    clean_label: str = '',
    adversarial_label: str = '',
) -> Frames:
    """Clean | adversarial | 128 + amplify * (adversarial - clean), with captions.

    Args:
        clean: uint8 RGB, (T, H, W, 3).
        adversarial: The same shape and type.
        amplify: Factor of the difference.
        clean_label: Shown after 'clean: '.
        adversarial_label: Shown after 'adversarial: '.

    Returns:
        uint8 RGB, (T, H', W', 3), panels at least about 160 pixels high.

    Raises:
        ValueError: If the frames are malformed or unequal in shape, or
            ``amplify`` is not above 0.
    """
    title, difference = amplified(clean, adversarial, amplify)
    panels = [
        _panel(enlarge(clean), f'clean: {clean_label}' if clean_label else 'clean'),
        _panel(
            enlarge(adversarial),
            f'adversarial: {adversarial_label}' if adversarial_label else 'adversarial',
        ),
        _panel(enlarge(difference), title),
    ]
    gap = np.full((*panels[0].shape[:2], GAP, 3), BACKGROUND, np.uint8)
    parts = [part for panel in panels for part in (panel, gap)]
    return np.concatenate(parts[:-1], axis=2)


def amplified(clean: Frames, adversarial: Frames, factor: float = AMPLIFY) -> tuple[str, Frames]:
    """128 + factor * (adversarial - clean), and its title, which names the factor.

    Args:
        clean: uint8 RGB, (T, H, W, 3).
        adversarial: The same shape and type.
        factor: Above 0; one for all that are to be compared.

    Raises:
        ValueError: The frames are malformed or unequal in shape, or ``factor``
            is not above 0.
    """
    check_frames(clean, 'clean')
    check_frames(adversarial, 'adversarial')
    if clean.shape != adversarial.shape:
        raise ValueError(
            f'adversarial must have the shape of clean, {clean.shape}, got {adversarial.shape}'
        )
    if not 0 < factor < math.inf:
        raise ValueError(f'amplify must be a finite number above 0, got {factor!r}')
    lifted = np.rint(128 + factor * (adversarial.astype(np.float32) - clean))
    title = f'difference \N{MULTIPLICATION SIGN} {factor:.3g}'
    return title, lifted.clip(0, 255).astype(np.uint8)


def tiled(pictures: Sequence[tuple[str, Frame]], columns: int, size: int, lines: int = 1) -> Frame:
    """Pictures below their titles, in rows on white.

    Args:
        pictures: Title and uint8 RGB (H, W, 3), at least one; of any shapes.
        columns: Pictures in a row, at least 1.
        size: Of the letters, in pixels.
        lines: There is room for titles of so many.

    Returns:
        uint8 RGB, (H', W', 3); what no picture covers is white.
    """
    panels = []
    for title, picture in pictures:
        strip = caption_strip(title, picture.shape[1], size, lines=lines, printed=True)
        panels.append(_under(strip, picture[None])[0])
    height = GAP + max(panel.shape[0] for panel in panels)
    width = GAP + max(panel.shape[1] for panel in panels)
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    sheet = np.full((rows * height - GAP, columns * width - GAP, 3), PAPER, np.uint8)
    for place, panel in enumerate(panels):
        top, left = height * (place // columns), width * (place % columns)
        sheet[top : top + panel.shape[0], left : left + panel.shape[1]] = panel
    return sheet


def _panel(frames: Frames, title: str) -> Frames:
    """Frames below a dark strip with their title."""
    return _under(caption_strip(title, frames.shape[2], SMALL), frames)


def _under(strip: Frame, frames: Frames) -> Frames:
    shape = (len(frames), *strip.shape[:2], 3)
    return np.concatenate([np.broadcast_to(strip, shape), frames], axis=1)
