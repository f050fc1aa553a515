"""Salt of Kinetics-P (Schiappa et al. 2022, arXiv:2207.01398)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mmrobust.corruptions.base import Corruption
from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.corruptions.draws import Draws
from mmrobust.corruptions.fields import uniform_fields
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Salt(Corruption):
    """Some values, of single channels, become 255, anew in every frame.

    ``constants`` are the shares of values that are hit. What is hit at one severity is hit at all
    worse ones.
    """

    group: ClassVar[str] = 'noise'
    constants: ClassVar[tuple[float, ...]] = (0.1, 0.2, 0.3, 0.4, 0.5)
    value: ClassVar[int] = 255

    def draw(self, clip: Clip, draws: Draws) -> Any:
        """Uniform numbers, (T, H, W, 3)."""
        return uniform_fields(clip, draws)

    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """The frames with what was hit."""
        hit = drawing < self.constants[severity - 1]
        return np.where(hit, np.uint8(self.value), clip.frames)
