"""Elastic transform, as imagecorruptions has it (Michaelis et al. 2019, arXiv:1907.07484).

That of ImageNet-C (Hendrycks and Dietterich 2019, arXiv:1903.12261) has an affine part besides.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from mmrobust.corruptions.base import truncated
from mmrobust.corruptions.clip import Frames
from mmrobust.corruptions.coherent import CoherentCorruption
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class ElasticTransform(CoherentCorruption):
    """Every pixel is taken from somewhere near, and neighbours from near one another.

    ``constants`` are factors of a smoothed field of small random steps. In square frames of any
    size they come to 1 to 2.5 pixels along each axis (root mean square), seldom to ten. In small
    frames the field folds, so that a point may be seen twice or not at all: no key points can go
    with it.
    """

    group: ClassVar[str] = 'digital'
    moves: ClassVar = 'unknown'
    constants: ClassVar[tuple[float, ...]] = (12.5, 16.25, 21.25, 25, 30)

    def draw_one(self, stream: np.random.Generator, size: tuple[int, int]) -> Any:
        """Smoothed steps in x and y for each pixel, (2, H, W), before the factor."""
        steps = stream.uniform(-1, 1, (2, *size)) * (0.005 * size[0])
        sigma = [0.01 * side for side in size]
        smooth = [gaussian_filter(one, sigma, mode='reflect', truncate=3) for one in steps]
        return np.stack(smooth)

    def apply_one(self, frames: Frames, one: Any, severity: int) -> Frames:
        """The frames with one warp."""
        x, y = self.constants[severity - 1] * one
        rows, columns = np.indices(x.shape)
        four = neighbours(columns + x, rows + y)
        warped = (
            sum(part * pixels.take(place, 0) for place, part in four)
            for pixels in frames.reshape(len(frames), -1, 3)
        )
        return np.stack([truncated(frame) for frame in warped])


def neighbours(x: NDArray[Any], y: NDArray[Any]) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """Four pixels about places (H, W), by number, and what each has of linear interpolation.

    Beyond its border a frame of that size goes on as in a mirror. Parts are (H, W, 1), float32.
    """
    rows, columns = x.shape
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    found = []
    for down in (0, 1):
        for right in (0, 1):
            place = mirrored(top + down, rows) * columns + mirrored(left + right, columns)
            part = abs(1 - down - (y - top)) * abs(1 - right - (x - left))
            found.append((place, part[..., None].astype(np.float32)))
    return found


def mirrored(places: NDArray[Any], length: int) -> NDArray[Any]:
    """Whole numbers brought into 0 .. length - 1; -1 becomes 0, and ``length`` the last."""
    around = places % (2 * length)
    return np.where(around < length, around, 2 * length - 1 - around)
