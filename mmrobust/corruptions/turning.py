"""Frames turned about their middle, and where points go."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmrobust.corruptions.clip import Frames


def turned(frame: Frames, degrees: float) -> Frames:
    """A frame (H, W, 3), counter-clockwise; the nearest pixel, black where there is none."""
    return np.asarray(Image.fromarray(frame).rotate(degrees))


def turned_points(points: NDArray[Any], size: tuple[int, int], degrees: float) -> NDArray[Any]:
    """Points (..., 2), x and y in pixels, of a frame of ``size``, rows and columns."""
    middle = (np.array(size[::-1]) - 1) / 2
    angle = np.deg2rad(degrees)
    # y goes down.
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return (points - middle) @ turn.T + middle
