"""Static rotation of Kinetics-P (Schiappa et al. 2022, arXiv:2207.01398)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.base import Corruption
from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.corruptions.turning import turned, turned_points
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class StaticRotation(Corruption):
    """All frames turned by the same angle; the corners are black.

    ``constants`` are degrees, counter-clockwise.
    """

    group: ClassVar[str] = 'camera'
    moves: ClassVar = 'known'
    constants: ClassVar[tuple[float, ...]] = (7.5, 15, 30, 45, 90)

    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """The turned frames."""
        return np.stack([turned(frame, self.constants[severity - 1]) for frame in clip.frames])

    def moved(self, points: NDArray[Any], clip: Clip, drawing: Any, severity: int) -> NDArray[Any]:
        """The turned key points."""
        return turned_points(points, clip.size, self.constants[severity - 1])
