"""Frames lost at a lower rate (after SHARDeg, Malzard et al. 2025, arXiv:2505.18048)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.tracks.frame_drop import FrameDrop
from mmrobust.registry import TRACK_CORRUPTIONS


@TRACK_CORRUPTIONS.register_module()
@dataclass(frozen=True)
class UniformDrop(FrameDrop):
    """Every n-th frame is left, the first one among them."""

    def left(self, frames: int, drawing: Any, n: int) -> NDArray[np.int64]:
        """0, n, 2n, and so on."""
        return np.arange(0, frames, n)
