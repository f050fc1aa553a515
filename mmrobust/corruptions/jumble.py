"""Jumble of the -P sets (Schiappa et al. 2023, arXiv:2207.01398)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mmrobust.corruptions.clip import Clip
from mmrobust.corruptions.draws import Draws
from mmrobust.corruptions.order import Indices, OrderCorruption, numbers
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Jumble(OrderCorruption):
    """Frames shuffled inside of runs that follow one another.

    ``constants`` are the lengths of the runs. They shrink: a higher severity is the milder one,
    as published. A curve over them is to be read from the right.
    """

    constants: ClassVar[tuple[int, ...]] = (32, 16, 8, 4, 2)

    def draw(self, clip: Clip, draws: Draws) -> Any:
        """A number for each frame, (T,); a run is sorted by those of its frames."""
        return numbers(clip, draws)

    def indices(self, clip: Clip, drawing: Any, severity: int) -> Indices:
        """Each of 0 .. T - 1 once."""
        run = np.arange(len(clip.frames)) // self.constants[severity - 1]
        # The last key counts first.
        return np.lexsort((drawing, run))
