"""Boxes moved and resized at random; with constants of this project's own."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.box_corruption import Box, BoxCorruption
from mmrobust.corruptions.clip import Clip
from mmrobust.corruptions.draws import Draws
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class BoxJitter(BoxCorruption):
    """The box's centre is moved by a share of its sides, and its sides are stretched.

    With a of ``constants``: the centre by U(-a, a) times width and height, the sides by
    exp(U(-a, a)), all four drawn on their own. What is drawn serves all severities.
    """

    constants: ClassVar[tuple[float, ...]] = (0.05, 0.1, 0.15, 0.2, 0.25)

    def draw(self, clip: Clip, draws: Draws) -> NDArray[np.float64]:
        """Uniform numbers (4,), -1 to 1: across, down, width, height."""
        return draws.of_clip().uniform(-1, 1, 4)

    def changed(self, box: Box, drawing: Any, severity: int) -> Box:
        """The jittered box."""
        most = self.constants[severity - 1]
        sides = box[2:] - box[:2]
        centre = (box[:2] + box[2:]) / 2 + most * drawing[:2] * sides
        half = sides * np.exp(most * drawing[2:]) / 2
        return np.concatenate([centre - half, centre + half])
