"""Versions of a track of joints below each other, some frames of each in a row.

Shapes: M persons, T frames, V joints, C coordinates.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mmrobust.visualization.panels import Frame
from mmrobust.visualization.skeleton_strips import Tracks, limits
from mmrobust.visualization.stills import decoded

CLEAN, CORRUPTED = '#8a8f98', '#d1495b'
DOTS, FRAMES = 100, 8
# Of one figure in inches; the captions of rows have a column of their own.
WIDTH, HEIGHT, CAPTION, TITLE = 1.25, 1.35, 0.9, 0.18
Bones = Sequence[tuple[int, int]]


def track_sheet(tracks: Mapping[str, NDArray[Any]], bones: Bones, *, down: bool) -> Frame:
    """Frames of each version in red over those of the first in grey.

    A version of fewer frames is shown at the same shares of its time, as samplers see it.

    Args:
        tracks: Caption -> (M, T, V, 2 or 3), the clean one first; joints that are 0 were not
            found.
        bones: Pairs of joints.
        down: Whether the second coordinate grows downwards, as in pictures.
    """
    versions = [np.asarray(track, np.float64) for track in tracks.values()]
    clean, row_height = versions[0], HEIGHT + TITLE
    low, high = limits(clean)
    scale = min(WIDTH / (high - low)[0], HEIGHT / (high - low)[1])
    # The sheet's second axis points down.
    turned = np.array([scale, scale if down else -scale])
    count = min(FRAMES, clean.shape[1])
    figure = Figure((CAPTION + WIDTH * count, row_height * len(versions)), DOTS)
    axes = _canvas(figure)
    # One collection for each colour: hundreds of them would take seconds.
    shapes: dict[str, list[Tracks]] = {CLEAN: [], CORRUPTED: []}
    for row, (caption, track) in enumerate(zip(tracks, versions, strict=True)):
        axes.text(0.05, row_height * (row + 0.5), caption, fontsize=9, va='center')
        frames = zip(
            _sections(clean.shape[1], count), _sections(track.shape[1], count), strict=True
        )
        for column, (before, after) in enumerate(frames):
            middle = np.array([CAPTION + WIDTH * (column + 0.5), row_height * row])
            axes.text(
                middle[0], middle[1] + 0.03, f'frame {after}', fontsize=8, ha='center', va='top'
            )
            middle[1] += TITLE + HEIGHT / 2
            seen = [(CLEAN, clean[:, before])] + [(CORRUPTED, track[:, after])] * bool(row)
            for colour, persons in seen:
                away = (persons[..., :2] - (low + high) / 2) * turned
                found = (persons != 0).any(-1)
                shapes[colour] += _parts(middle + away, found, bones)
    for colour, parts in shapes.items():
        _draw(axes, parts, colour)
    return _drawn(figure)


def _draw(axes: Axes, parts: Sequence[Tracks], colour: str) -> None:
    """Bones and joints of one colour."""
    axes.add_collection(LineCollection(parts, colors=colour, linewidths=1.3))
    points = [part for part in parts if len(part) == 1]
    if points:
        x, y = np.concatenate(points).T
        axes.scatter(x, y, s=5, color=colour, zorder=3)


def _canvas(figure: Figure) -> Axes:
    """All of a figure; coordinates are inches from its upper left corner."""
    FigureCanvasAgg(figure)
    width, height = figure.get_size_inches()
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set(xlim=(0, width), ylim=(height, 0))
    return axes


def _parts(points: Tracks, found: NDArray[np.bool_], bones: Bones) -> list[Tracks]:
    """Bones (2, 2) and joints (1, 2) of persons (M, V, 2), those that were found."""
    parts = []
    for person, there in zip(points, found, strict=True):
        parts += [person[[*bone]] for bone in bones if there[[*bone]].all()]
        parts += [person[[joint]] for joint in np.flatnonzero(there)]
    return parts


def _sections(total: int, count: int) -> list[int]:
    """The middles of equal sections."""
    return [(2 * i + 1) * total // (2 * count) for i in range(count)]


def _drawn(figure: Figure) -> Frame:
    """A figure as a picture."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format='png', dpi=DOTS)
    return decoded(buffer.getvalue())
