"""Box jumble of the -P sets (Schiappa et al. 2023, arXiv:2207.01398)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mmrobust.corruptions.clip import Clip
from mmrobust.corruptions.draws import Draws
from mmrobust.corruptions.order import Indices, OrderCorruption, numbers
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class BoxJumble(OrderCorruption):
    """Runs of frames in another order, each of them as it was.

    ``constants`` are the lengths of the runs; the last run may be shorter. They grow, so that a
    higher severity cuts the video fewer times and is the milder one, as published. A video no
    longer than one run stays as it is.
    """

    constants: ClassVar[tuple[int, ...]] = (4, 9, 16, 25, 36)

    def draw(self, clip: Clip, draws: Draws) -> Any:
        """A number for each frame, (T,); runs are sorted by those of their first frames."""
        return numbers(clip, draws)

    def indices(self, clip: Clip, drawing: Any, severity: int) -> Indices:
        """Each of 0 .. T - 1 once."""
        length = self.constants[severity - 1]
        run = np.arange(len(clip.frames)) // length
        return np.argsort(drawing[run * length], kind='stable')
