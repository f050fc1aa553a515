"""Random rotation of Kinetics-P (Schiappa et al. 2022, arXiv:2207.01398)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.corruptions.coherent import CoherentCorruption
from mmrobust.corruptions.turning import turned, turned_points
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class RandomRotation(CoherentCorruption):
    """Frames turned by a random whole number of degrees; the corners are black.

    ``constants`` are the most degrees, either way. The published set turns each frame by an angle
    of its own (``coherent=False``).
    """

    group: ClassVar[str] = 'camera'
    moves: ClassVar = 'known'
    constants: ClassVar[tuple[int, ...]] = (7, 13, 19, 25, 31)

    def draw_one(self, stream: np.random.Generator, size: tuple[int, int]) -> Any:
        """A number in [0, 1): from the most degrees clockwise to the most the other way."""
        return stream.random()

    def apply_one(self, frames: Frames, one: Any, severity: int) -> Frames:
        """The turned frames."""
        return np.stack([turned(frame, self._degrees(one, severity)) for frame in frames])

    def moved(self, points: NDArray[Any], clip: Clip, drawing: Any, severity: int) -> NDArray[Any]:
        """The turned key points."""
        angles = [self._degrees(one, severity) for one in drawing]
        if self.coherent:
            return turned_points(points, clip.size, angles[0])
        pairs = zip(points, angles, strict=True)
        return np.stack([turned_points(some, clip.size, angle) for some, angle in pairs])

    def _degrees(self, one: float, severity: int) -> int:
        most = self.constants[severity - 1]
        return int(one * (2 * most + 1)) - most
