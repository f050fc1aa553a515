"""Freezing of the -P sets (Schiappa et al. 2023, arXiv:2207.01398)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mmrobust.corruptions.clip import Clip
from mmrobust.corruptions.draws import Draws
from mmrobust.corruptions.order import Indices, OrderCorruption, numbers
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Freeze(OrderCorruption):
    """Frames that do not arrive: the last one stays instead.

    ``constants`` are the chances that a frame does not; the first one always arrives. What is
    missing at one severity is missing at all higher ones.

    The official codes disagree. This is the one on the page of the sets; the other keeps a
    random 40, 20, 10, 5 % and one of the frames, and starts at the first of those, so that its
    videos are shorter.
    """

    constants: ClassVar[tuple[float, ...]] = (0.12, 0.24, 0.36, 0.48, 0.6)

    def draw(self, clip: Clip, draws: Draws) -> Any:
        """A number in [0, 1) for each frame, (T,); below the chance, it does not arrive."""
        return numbers(clip, draws)

    def indices(self, clip: Clip, drawing: Any, severity: int) -> Indices:
        """The last frame that has arrived, (T,)."""
        times = np.arange(len(clip.frames))
        missing = drawing < self.constants[severity - 1]
        return np.maximum.accumulate(np.where(missing, 0, times))
