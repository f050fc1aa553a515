"""Darkness: ImageNet-C's brightness the other way, with constants of this project's own.

PoseBench (2024, arXiv:2406.14367) has a kind of that name, whose constants are not published.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mmrobust.corruptions.base import Corruption
from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.corruptions.hsv import with_value_added
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Darkness(Corruption):
    """Less of the value of HSV in every pixel.

    ``constants`` are what is taken away, as shares of 255.
    """

    group: ClassVar[str] = 'weather'
    constants: ClassVar[tuple[float, ...]] = (0.1, 0.2, 0.3, 0.4, 0.5)

    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """The darker frames."""
        amount = -255 * self.constants[severity - 1]
        return np.stack([with_value_added(frame, amount) for frame in clip.frames])
