"""Maps laid over the frames that they belong to.

Shapes: T frames, H, W pixels; frames are uint8 RGB (T, H, W, 3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import matplotlib
import numpy as np
from numpy.typing import NDArray

from mmrobust.io.frames import Frames, check_frames
from mmrobust.visualization.lettering import PAPER, SMALL, caption_strip
from mmrobust.visualization.panels import GAP, Frame

COLOURS = 'inferno'
# Of a video's frames on a page, pixels, and how many of them are shown; of a picture.
HEIGHT, COLUMNS = 112, 6
STILL = 200
# The share of a map's values that is shown in full colour at least: one pixel is no scale.
FULL = 99.5


def overlaid(frames: Frames, heat: NDArray[np.float32]) -> Frames:
    """Grey frames with what speaks for the score in colour; what speaks against it stays grey.

    One scale for all frames of a map: it says nothing of how large its numbers are.

    Args:
        frames: (T, H, W, 3).
        heat: (T, H, W), of any size and both signs.
    """
    check_frames(frames)
    strength = heat.clip(min=0)
    highest = float(np.percentile(strength, FULL)) or float(strength.max())
    strength = (strength / highest if highest > 0 else strength).clip(0, 1)
    grey = frames.astype(np.float32).mean(axis=3, keepdims=True)
    colours = 255 * np.asarray(matplotlib.colormaps[COLOURS](strength))[..., :3]
    part = 0.85 * np.sqrt(strength)[..., None]
    return np.rint((1 - part) * grey * 0.8 + part * colours).clip(0, 255).astype(np.uint8)


def chosen(count: int, columns: int = COLUMNS) -> list[int]:
    """Which of a video's frames are shown: evenly over its time."""
    return sorted({round(place) for place in np.linspace(0, count - 1, min(count, columns))})


def heat_sheet(sides: Mapping[str, tuple[Frames, Mapping[str, NDArray[np.float32]]]]) -> Frame:
    """A sample with its maps: of a video rows of frames, of a picture one row for each side.

    Args:
        sides: Side (clean, adversarial) -> frames (T, H, W, 3), and its maps (T, H, W) by method.

    Returns:
        uint8 RGB (H', W', 3); a map of one side stands above that of the other.
    """
    still = all(len(frames) == 1 for frames, _ in sides.values())
    rows = [(side, frames) for side, (frames, _) in sides.items()]
    for method in next(iter(sides.values()))[1]:
        for side, (frames, maps) in sides.items():
            title = method if still else f'{method}, {side}'
            rows.append((title, overlaid(frames, maps[method])))
    shown = [(title, _row(frames, STILL if still else HEIGHT)) for title, frames in rows]
    return _beside(shown, len(sides)) if still else _below(shown)


def _row(frames: Frames, tall: int) -> Frame:
    """Some frames side by side, so many pixels tall."""
    height, width = frames.shape[1:3]
    size = (max(1, round(width * tall / height)), tall)
    kind = cv2.INTER_AREA if height > tall else cv2.INTER_CUBIC
    some = [cv2.resize(frames[place], size, interpolation=kind) for place in chosen(len(frames))]
    gap = np.full((tall, GAP, 3), PAPER, np.uint8)
    parts = [part for one in some for part in (one, gap)]
    return np.concatenate(parts[:-1], axis=1).astype(np.uint8)


def _titled(title: str, picture: Frame) -> Frame:
    strip = caption_strip(title, picture.shape[1], SMALL, printed=True)
    strip = np.broadcast_to(strip, (*strip.shape[:2], 3))
    return np.concatenate([strip, picture], axis=0)


def _below(rows: Sequence[tuple[str, Frame]]) -> Frame:
    """One below the other."""
    return np.concatenate([_titled(title, picture) for title, picture in rows], axis=0)


def _beside(rows: Sequence[tuple[str, Frame]], sides: int) -> Frame:
    """Pictures beside their maps, one row for each side."""
    widest = max(picture.shape[1] for _, picture in rows) + GAP
    lines = []
    for side in range(sides):
        line = []
        for title, picture in rows[side::sides]:
            room = np.full((*picture.shape[:1], widest - picture.shape[1], 3), PAPER, np.uint8)
            line.append(_titled(title, np.concatenate([picture, room], axis=1)))
        lines.append(np.concatenate(line, axis=1))
    return np.concatenate(lines, axis=0)
