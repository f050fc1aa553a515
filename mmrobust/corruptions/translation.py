"""Translation of Kinetics-P (Schiappa et al. 2022, arXiv:2207.01398)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.corruptions.coherent import CoherentCorruption, shifted
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Translation(CoherentCorruption):
    """Frames moved to the left and upwards by whole pixels; what comes in is black.

    ``constants`` are the most pixels in x and in y. The codes of the set disagree: one moves each
    frame by steps of its own (``coherent=False``), another the whole clip by one. Both cut a
    window out of a larger frame, and are black only where that ends, too.
    """

    group: ClassVar[str] = 'camera'
    moves: ClassVar = 'known'
    constants: ClassVar[tuple[int, ...]] = (8, 16, 24, 32, 40)

    def draw_one(self, stream: np.random.Generator, size: tuple[int, int]) -> Any:
        """Two numbers in [0, 1): x and y as shares of the most."""
        return stream.random(2)

    def apply_one(self, frames: Frames, one: Any, severity: int) -> Frames:
        """The moved frames."""
        x, y = self._steps(one, severity)
        seen = frames[:, y:, x:]
        found = np.zeros_like(frames)
        found[:, : seen.shape[1], : seen.shape[2]] = seen
        return found

    def moved(self, points: NDArray[Any], clip: Clip, drawing: Any, severity: int) -> NDArray[Any]:
        """The moved key points."""
        return shifted(points, -np.stack([self._steps(one, severity) for one in drawing]))

    def _steps(self, one: NDArray[Any], severity: int) -> NDArray[Any]:
        return (one * (self.constants[severity - 1] + 1)).astype(int)
