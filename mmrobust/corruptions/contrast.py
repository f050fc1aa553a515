"""Contrast of ImageNet-C (Hendrycks and Dietterich 2019, arXiv:1903.12261)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.base import Corruption, truncated
from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.corruptions.constants import five
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Contrast(Corruption):
    """All values nearer to the mean of their frame and channel.

    Args:
        constants: The share of the distance that is left. Default ImageNet-C's; Mini-Kinetics-C
            has (0.5, 0.4, 0.3, 0.2, 0.1).
    """

    group: ClassVar[str] = 'digital'
    constants: tuple[float, ...] = (0.4, 0.3, 0.2, 0.1, 0.05)

    def __post_init__(self) -> None:
        object.__setattr__(self, 'constants', five(self.constants))

    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """The flatter frames."""
        left = self.constants[severity - 1]
        return np.stack([truncated(flattened(frame, left)) for frame in clip.frames])


def flattened(frame: NDArray[Any], left: float) -> NDArray[Any]:
    """A frame (H, W, 3) with the share ``left`` of the distance from its means, float32."""
    means = frame.reshape(-1, 3).mean(axis=0)
    return frame * np.float32(left) + ((1 - left) * means).astype(np.float32)
