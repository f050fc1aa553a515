"""A picture of two embedded figures, and as many joints on each as a data set asks for.

Shapes: K keypoints; pixels, x to the right, y down.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mmrobust.datasets.synthetic import render

# A number and no more: some data sets take the picture's id out of its name.
PICTURE = '000000000001.png'
MOMENT = 8


@dataclass(frozen=True)
class Figure:
    """A person in the picture.

    Attributes:
        joints: (14, 2), in the order of ``mmrobust.datasets.synthetic.KEYPOINTS``.
        box: Left, top, width, height of the figure's pixels.
        area: Their number.
    """

    joints: NDArray[np.float64]
    box: tuple[float, float, float, float]
    area: float

    def keypoints(self, count: int) -> NDArray[np.float64]:
        """(K, 2): places along the way from joint to joint, evenly spread."""
        way, places = np.arange(len(self.joints)), np.linspace(0, len(self.joints) - 1, count)
        return np.stack([np.interp(places, way, column) for column in self.joints.T], axis=1)


@lru_cache(maxsize=1)
def _drawn() -> tuple[NDArray[np.uint8], tuple[Figure, ...]]:
    """The picture, RGB, and its figures from the top."""
    frames: list[NDArray[np.uint8]] = []
    figures = []
    for index in range(2):
        scene = render(index, split='test')
        # One above the other: the picture is nearer to a square than side by side.
        down = sum(len(frame) for frame in frames)
        rows, columns = np.nonzero(scene.parts[MOMENT])
        joints = scene.keypoints[MOMENT].astype(np.float64) + [0, down]
        box = (
            float(columns.min()),
            float(rows.min() + down),
            float(np.ptp(columns) + 1),
            float(np.ptp(rows) + 1),
        )
        figures.append(Figure(joints, box, float(len(rows))))
        frames.append(scene.frames[MOMENT])
    return np.concatenate(frames), tuple(figures)


def write_picture(folder: Path) -> tuple[tuple[int, int], tuple[Figure, ...]]:
    """Write ``PICTURE``; its height and width, and who is in it."""
    picture, figures = _drawn()
    cv2.imwrite(str(folder / PICTURE), picture[..., ::-1])
    return (picture.shape[0], picture.shape[1]), figures
