"""What kinds share that make the picture larger or smaller along x and y."""

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np

from mmrobust.corruptions.clip import Clip
from mmrobust.corruptions.warp import Maps, Warp, about_centre


class Stretch(Warp):
    """All frames stretched alike about the middle of the frame; what gets outside is lost.

    A corruption knows no label: a person at the side moves towards the middle or away from it,
    and may be cut. Where the picture becomes smaller, its mirror images stand around it.
    """

    group: ClassVar[str] = 'shift'
    constants: ClassVar[tuple[float, ...]]

    @abstractmethod
    def factors(self, severity: int) -> tuple[float, float]:
        """Of lengths along x and along y."""

    def maps(self, clip: Clip, drawing: Any, severity: int) -> Maps:
        """The same for each frame."""
        shape = len(clip.frames), 2, 2
        stretch = np.broadcast_to(np.diag(self.factors(severity)), shape)
        return about_centre(clip, stretch, np.zeros(shape[:2]))
