"""Moving pictures of attacked skeletons: clean, adversarial, both, and how far every joint moved.

Shapes: M persons, T frames, V joints, C coordinates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mmrobust.io.frames import Frames
from mmrobust.visualization.panels import Frame

# RGB.
CLEAN, ADVERSARIAL, CURSOR = (138, 143, 152), (209, 73, 91), (255, 255, 255)
INCHES, DOTS = (10.0, 6.4), 100
PANELS = (('clean', (0,)), ('adversarial', (1,)), ('both', (0, 1)))
# Places are drawn in 16ths of a dot.
SHIFT = 4
Tracks = NDArray[np.float64]


def skeleton_strip(
    tracks: tuple[Tracks, Tracks],
    bones: Sequence[tuple[int, int]],
    sizes: NDArray[np.float64],
    *,
    down: bool,
    unit: str,
) -> Frames:
    """Frames (T, H, W, 3), uint8 RGB: skeletons above, the displacement of joints over time below.

    Args:
        tracks: Clean and adversarial (M, T, V, 2 or 3); joints that are 0 were not found.
        bones: Pairs of joints.
        sizes: (M,), what displacements are counted in.
        down: Whether the second coordinate grows downwards, as in pictures.
        unit: The name of what displacements are counted in.
    """
    figure = Figure(INCHES, DOTS, layout='constrained')
    canvas = FigureCanvasAgg(figure)
    above, below = figure.subfigures(2, 1, height_ratios=(1.6, 1))
    low, high = limits(*tracks)
    panels = list(np.ravel(above.subplots(1, len(PANELS))))
    for axes, (name, _) in zip(panels, PANELS, strict=True):
        axes.set(xlim=(low[0], high[0]), ylim=(high[1], low[1]) if down else (low[1], high[1]))
        axes.set_aspect('equal')
        axes.set(xticks=[], yticks=[])
        axes.set_title(name, fontsize=11)
    moved = _displacement(below, tracks, sizes, unit)
    canvas.draw()
    ground = np.asarray(canvas.buffer_rgba())[..., :3].copy()
    return np.stack([*_drawn(ground, tracks, bones, panels, moved)])


def _drawn(
    ground: Frame,
    tracks: tuple[Tracks, Tracks],
    bones: Sequence[tuple[int, int]],
    panels: Sequence[Axes],
    moved: Axes,
) -> Iterator[Frame]:
    """The ground with the skeletons of one frame after the other, and where in time they are."""
    height = len(ground)
    top, bottom = sorted(height - edge for edge in (moved.bbox.y0, moved.bbox.y1))
    for frame in range(tracks[0].shape[1]):
        picture = ground.copy()
        for axes, (_, shown) in zip(panels, PANELS, strict=True):
            for which in shown:
                for person in tracks[which][:, frame]:
                    colour = (CLEAN, ADVERSARIAL)[which]
                    _figure(picture, _dots(axes, person[:, :2], height), person, bones, colour)
        x = moved.transData.transform((frame, 0))[0]
        cv2.line(picture, (round(x), round(top)), (round(x), round(bottom)), CURSOR, 2)
        yield picture


def _dots(axes: Axes, places: Tracks, height: int) -> NDArray[np.int64]:
    """Places (V, 2) of a panel in 16ths of a dot, from the upper left corner."""
    dots: Any = axes.transData.transform(places)
    dots[:, 1] = height - dots[:, 1]
    # Whoever is thrown far off is drawn at the edge of what can be counted.
    limit = 16 * max(INCHES) * DOTS
    return np.rint(np.clip(dots * 2**SHIFT, -limit, 2 * limit)).astype(np.int64)


def _figure(
    picture: Frame,
    dots: NDArray[np.int64],
    person: Tracks,
    bones: Sequence[tuple[int, int]],
    colour: tuple[int, int, int],
) -> None:
    found = (person != 0).any(-1)
    places = [(int(x), int(y)) for x, y in dots]
    for start, end in bones:
        if found[start] and found[end]:
            cv2.line(picture, places[start], places[end], colour, 2, cv2.LINE_AA, SHIFT)
    for joint in np.flatnonzero(found):
        cv2.circle(picture, places[joint], 3 << SHIFT, colour, -1, cv2.LINE_AA, SHIFT)


def _displacement(
    figure: Any, tracks: tuple[Tracks, Tracks], sizes: NDArray[np.float64], unit: str
) -> Axes:
    moved = np.linalg.norm(tracks[1] - tracks[0], axis=-1) / sizes[:, None, None]
    axes: Axes = figure.subplots()
    # Of several persons one below the other.
    rows = moved.transpose(0, 2, 1).reshape(-1, moved.shape[1])
    shown = axes.imshow(rows, aspect='auto', cmap='magma', vmin=0, interpolation='nearest')
    axes.set_xlabel('frame', fontsize=10)
    axes.set_ylabel('joint', fontsize=10)
    axes.tick_params(labelsize=9)
    bar = figure.colorbar(shown, ax=axes)
    bar.ax.tick_params(labelsize=9)
    bar.set_label(f'moved, {unit}', fontsize=9)
    return axes


def limits(*tracks: Tracks) -> tuple[Tracks, Tracks]:
    """A rectangle (x, y) round all joints, with some room."""
    points = np.concatenate([track[(track != 0).any(-1)][:, :2] for track in tracks])
    low, high = points.min(0), points.max(0)
    room = 0.08 * max(float((high - low).max()), 1e-9)
    return low - room, high + room
