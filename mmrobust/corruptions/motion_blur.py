"""Motion blur of ImageNet-C, as imagecorruptions has it (Michaelis et al. 2019, arXiv:1907.07484).

The kinds are those of Hendrycks and Dietterich 2019 (arXiv:1903.12261), whose code calls
ImageMagick.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.base import truncated
from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.corruptions.coherent import CoherentCorruption, shifted
from mmrobust.corruptions.smear import line, smeared
from mmrobust.functional.checks import require
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class MotionBlur(CoherentCorruption):
    """Every frame smeared along a line, within 45 degrees of the horizontal.

    ``constants`` are radius and sigma of the smear in pixels. The published one goes to one side
    alone, so that the picture moves by two to eleven pixels; ``moved`` knows the mean. Pixels
    beyond a frame that is smaller than the smear are those of its border, where the published
    code leaves them out and darkens it.

    Args:
        coherent: See the base class.
        centred: Whether the smear lies about its mean, to half a pixel, so that key points stay
            where they are.
    """

    group: ClassVar[str] = 'blur'
    moves: ClassVar = 'known'
    constants: ClassVar[tuple[tuple[int, int], ...]] = (
        (10, 3),
        (15, 5),
        (15, 8),
        (15, 12),
        (20, 15),
    )
    centred: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        require(isinstance(self.centred, bool), 'centred', 'true or false', self.centred)

    def draw_one(self, stream: np.random.Generator, size: tuple[int, int]) -> Any:
        """The angle in degrees, from the left upwards."""
        return stream.uniform(-45, 45)

    def apply_one(self, frames: Frames, one: Any, severity: int) -> Frames:
        """The frames with one smear."""
        steps, weights = self._line(one, severity)
        return np.stack([truncated(smeared(frame, steps, weights)) for frame in frames])

    def moved(self, points: NDArray[Any], clip: Clip, drawing: Any, severity: int) -> NDArray[Any]:
        """Key points at the mean of their smear."""
        lines = [self._line(one, severity) for one in drawing]
        return shifted(points, np.stack([weights @ steps for steps, weights in lines]))

    def _line(self, angle: float, severity: int) -> tuple[NDArray[Any], NDArray[Any]]:
        steps, weights = line(*self.constants[severity - 1], angle)
        if self.centred:
            steps = steps - np.rint(weights @ steps).astype(int)
        return steps, weights
