"""What a data set that renders its videos offers of one of them.

Shapes: T frames, H, W pixels.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.clip import Frames

Floats = NDArray[np.float32]


class Stage(Protocol):
    """A sample whose person can be filmed again."""

    @property
    def others(self) -> Sequence[int]:
        """Samples of other classes, by their index in the data set."""

    def label(self, sample: int) -> int:
        """The class of a sample."""

    def empty(self) -> Frames:
        """The place before the person came, without its shadow."""

    def backdrop(self) -> Floats:
        """The place with the person's shadow, float32 (T, H, W, 3), 0..255, not rounded."""

    def person(self) -> NDArray[np.bool_]:
        """Where the person is seen, at least half of a pixel, (T, H, W)."""

    def film(
        self,
        *,
        scenery: int | None = None,
        still: bool = False,
        behind: Floats | None = None,
        high: float = 1.0,
        wide: float = 1.0,
    ) -> Frames:
        """The same performance in the same light; as nothing is asked for, the clean frames.

        Args:
            scenery: The sample whose camera, horizon and scenery it is; None: its own.
            still: Hold the camera still.
            behind: What is seen where the person is not, as ``backdrop`` gives it; None: the
                place, with the person's shadow.
            high: Factor on the person's height, > 0.
            wide: Factor on its widths and on the way that it travels, > 0.
        """
