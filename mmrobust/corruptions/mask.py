"""Parts of the picture hidden; with constants of this project's own.

PoseBench (2024, arXiv:2406.14367) has a kind of that name, whose constants are not published.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.clip import Frames
from mmrobust.corruptions.coherent import CoherentCorruption
from mmrobust.registry import CORRUPTIONS

CELLS = 8


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Mask(CoherentCorruption):
    """Some cells of a grid of 8 x 8 over the frame are black.

    ``constants`` are the chances of each cell. What is hidden at one severity is hidden at all
    worse ones.
    """

    group: ClassVar[str] = 'occlusion'
    constants: ClassVar[tuple[float, ...]] = (0.1, 0.2, 0.3, 0.4, 0.5)

    def draw_one(self, stream: np.random.Generator, size: tuple[int, int]) -> Any:
        """Uniform numbers, (8, 8)."""
        return stream.random((CELLS, CELLS))

    def apply_one(self, frames: Frames, one: Any, severity: int) -> Frames:
        """The frames behind one mask."""
        return np.where(self.hidden(one, frames.shape[1:3], severity), np.uint8(0), frames)

    def hidden(self, one: NDArray[Any], size: tuple[int, ...], severity: int) -> NDArray[Any]:
        """Which pixels are, (H, W, 1), bool."""
        rows, columns = (np.arange(side) * CELLS // side for side in size)
        return (one < self.constants[severity - 1])[rows[:, None], columns][..., None]
