"""Pictures of attacked skeletons: some frames side by side, and how far every joint moved.

Shapes: M persons, T frames, V joints, C coordinates.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mmrobust.visualization.panels import Frame
from mmrobust.visualization.stills import decoded

CLEAN, ADVERSARIAL = '#8a8f98', '#d1495b'
INCHES, DOTS, FRAMES = (12.0, 4.6), 100, 8
Tracks = NDArray[np.float64]


def skeleton_strip(
    tracks: tuple[Tracks, Tracks],
    bones: Sequence[tuple[int, int]],
    sizes: NDArray[np.float64],
    *,
    down: bool,
    unit: str,
) -> Frame:
    """Clean grey and adversarial red over each other, and the displacement of joints over time.

    Args:
        tracks: Clean and adversarial (M, T, V, 2 or 3); joints that are 0 were not found.
        bones: Pairs of joints.
        sizes: (M,), what displacements are counted in.
        down: Whether the second coordinate grows downwards, as in pictures.
        unit: The name of what displacements are counted in.
    """
    figure = Figure(INCHES, DOTS, layout='constrained')
    FigureCanvasAgg(figure)
    strip, below = figure.subfigures(2, 1, height_ratios=(1.25, 1))
    total = tracks[0].shape[1]
    count = min(FRAMES, total)
    chosen = sections(total, count)
    low, high = limits(tracks[0])
    for axes, frame in zip(np.ravel(strip.subplots(1, count)), chosen, strict=True):
        for track, colour in zip(tracks, (CLEAN, ADVERSARIAL), strict=True):
            for person in track[:, frame]:
                _figure(axes, person, bones, colour)
        axes.set(xlim=(low[0], high[0]), ylim=(high[1], low[1]) if down else (low[1], high[1]))
        axes.set_aspect('equal')
        axes.set(xticks=[], yticks=[])
        axes.set_title(f'frame {frame}', fontsize=9)
    _displacement(below, tracks, sizes, unit)
    return drawn(figure)


def _displacement(
    figure: Any, tracks: tuple[Tracks, Tracks], sizes: NDArray[np.float64], unit: str
) -> None:
    moved = np.linalg.norm(tracks[1] - tracks[0], axis=-1) / sizes[:, None, None]
    axes = figure.subplots()
    # Of several persons one below the other.
    rows = moved.transpose(0, 2, 1).reshape(-1, moved.shape[1])
    shown = axes.imshow(rows, aspect='auto', cmap='magma', vmin=0, interpolation='nearest')
    axes.set_xlabel('frame', fontsize=9)
    axes.set_ylabel('joint', fontsize=9)
    axes.tick_params(labelsize=8)
    bar = figure.colorbar(shown, ax=axes)
    bar.ax.tick_params(labelsize=8)
    bar.set_label(f'moved, {unit}', fontsize=8)


def _figure(axes: Axes, person: Tracks, bones: Sequence[tuple[int, int]], colour: str) -> None:
    found = (person != 0).any(-1)
    for start, end in bones:
        if found[start] and found[end]:
            axes.plot(*person[[start, end], :2].T, color=colour, linewidth=1.4)
    x, y = person[found, :2].T
    axes.scatter(x, y, s=6, color=colour, zorder=3)


def limits(track: Tracks) -> tuple[Tracks, Tracks]:
    """A rectangle (x, y) round all joints, with some room."""
    points = track[(track != 0).any(-1)][:, :2]
    low, high = points.min(0), points.max(0)
    room = 0.08 * max(float((high - low).max()), 1e-9)
    return low - room, high + room


def sections(total: int, count: int) -> list[int]:
    """The middles of equal sections."""
    return [(2 * i + 1) * total // (2 * count) for i in range(count)]


def drawn(figure: Figure) -> Frame:
    """A figure as a picture."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format='png', dpi=DOTS)
    return decoded(buffer.getvalue())
