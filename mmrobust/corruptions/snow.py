"""Snow of ImageNet-C (Hendrycks and Dietterich 2019, arXiv:1903.12261)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom

from mmrobust.corruptions.base import truncated
from mmrobust.corruptions.clip import Frames
from mmrobust.corruptions.coherent import CoherentCorruption
from mmrobust.corruptions.smear import line, smeared
from mmrobust.corruptions.zoom_blur import window
from mmrobust.registry import CORRUPTIONS

Constants = tuple[float, float, float, float, int, float, float]


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Snow(CoherentCorruption):
    """Flakes that are smeared downwards, over a paler picture.

    ``constants``: mean and standard deviation of the noise of which flakes are made, how much it
    is enlarged, the value below which there is no flake, radius and sigma of the smear in pixels,
    and the picture's own share of what is seen between the flakes.
    """

    group: ClassVar[str] = 'weather'
    constants: ClassVar[tuple[Constants, ...]] = (
        (0.1, 0.3, 3, 0.5, 10, 4, 0.8),
        (0.2, 0.3, 2, 0.5, 12, 4, 0.7),
        (0.55, 0.3, 4, 0.9, 12, 8, 0.7),
        (0.55, 0.3, 4.5, 0.85, 12, 8, 0.65),
        (0.55, 0.3, 2.5, 0.85, 12, 12, 0.55),
    )

    def draw_one(self, stream: np.random.Generator, size: tuple[int, int]) -> Any:
        """Standard normal numbers (H, W), and the angle of the smear in degrees."""
        return stream.standard_normal(size), stream.uniform(-135, -45)

    def apply_one(self, frames: Frames, one: Any, severity: int) -> Frames:
        """The frames with flakes and with those turned upside down."""
        numbers, angle = one
        flakes = self._flakes(numbers, angle, severity)
        both = (flakes + np.rot90(flakes, 2))[..., None]
        return np.stack([truncated(self._pale(frame, severity) + both) for frame in frames])

    def _flakes(self, numbers: NDArray[Any], angle: float, severity: int) -> NDArray[Any]:
        mean, deviation, factor, least, radius, sigma, _ = self.constants[severity - 1]
        rows, columns = numbers.shape
        middle = [
            slice(start, start + inside)
            for start, inside, _ in (window(side, factor) for side in numbers.shape)
        ]
        layer = zoom((mean + deviation * numbers)[tuple(middle)], factor, order=1)
        flakes = np.clip(np.where(layer < least, 0, layer), 0, 1)
        falling = smeared(flakes, *line(radius, sigma, angle))
        return np.round(falling[:rows, :columns] * 255)

    def _pale(self, frame: NDArray[Any], severity: int) -> NDArray[Any]:
        share = self.constants[severity - 1][-1]
        picture = frame.astype(np.float32)
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None]
        return share * picture + (1 - share) * np.maximum(picture, 1.5 * grey + 127.5)
