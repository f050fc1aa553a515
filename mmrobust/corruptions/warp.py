"""What kinds share that move all pixels by one map of the plane for each frame.

Shapes: T frames, H x W pixels. Points are x, y; whole numbers are centres of pixels.
"""

from abc import abstractmethod
from typing import Any, ClassVar, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.base import Corruption
from mmrobust.corruptions.clip import Clip, Frames

Maps = NDArray[np.float64]


class Warp(Corruption):
    """Frames moved by affine maps; the size stays, and what lies outside is mirrored.

    Bilinear, after a Gaussian blur where pixels come closer together.
    """

    moves: ClassVar[Literal['nothing', 'known', 'unknown']] = 'known'

    @abstractmethod
    def maps(self, clip: Clip, drawing: Any, severity: int) -> Maps:
        """Where points of each frame go, (T, 2, 3): the last column is added."""

    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """The moved frames."""
        maps = self.maps(clip, drawing, severity)
        return np.stack([warped(*pair) for pair in zip(clip.frames, maps, strict=True)])

    def moved(self, points: NDArray[Any], clip: Clip, drawing: Any, severity: int) -> NDArray[Any]:
        """Where key points (T, ..., 2) lie afterwards."""
        maps = self.maps(clip, drawing, severity)
        turned = np.einsum('tij,t...j->t...i', maps[:, :, :2], points)
        return turned + maps[:, :, 2].reshape(len(maps), *[1] * (points.ndim - 2), 2)


def about_centre(clip: Clip, linear: NDArray[Any], shift: NDArray[Any]) -> Maps:
    """Maps (T, 2, 3) that turn or stretch about the middle of the frame, and then shift.

    Args:
        clip: Whose frames they are for.
        linear: (T, 2, 2).
        shift: (T, 2), pixels.
    """
    height, width = clip.size
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    return np.concatenate([linear, (centre - linear @ centre + shift)[..., None]], -1)


def warped(frame: Frames, place: NDArray[Any]) -> Frames:
    """A frame (H, W, 3) under a map (2, 3)."""
    along, across = np.linalg.norm(place[:, :2], axis=1)
    blurs = [0.5 * np.sqrt(max(side**-2 - 1, 0)) for side in (along, across)]
    if max(blurs) > 0:
        # OpenCV takes 0 for a wish to choose.
        along_x, along_y = (max(blur, 1e-3) for blur in blurs)
        frame = np.asarray(cv2.GaussianBlur(frame, (0, 0), along_x, sigmaY=along_y), np.uint8)
    size, border = frame.shape[1::-1], cv2.BORDER_REFLECT_101
    moved = cv2.warpAffine(frame, place, size, flags=cv2.INTER_LINEAR, borderMode=border)
    return np.asarray(moved, np.uint8)
