"""Frames lost one by one (after SHARDeg, Malzard et al. 2025, arXiv:2505.18048)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.draws import Draws
from mmrobust.corruptions.tracks.frame_drop import FrameDrop
from mmrobust.corruptions.tracks.track import Track
from mmrobust.registry import TRACK_CORRUPTIONS


@TRACK_CORRUPTIONS.register_module()
@dataclass(frozen=True)
class RandomDrop(FrameDrop):
    """Frames chosen at random are left; those of a severity are among those of a milder one."""

    def draw(self, track: Track, draws: Draws) -> Any:
        """A number for each frame, (T,); those with the lowest are left."""
        return draws.of_clip().random(track.keypoint.shape[1])

    def left(self, frames: int, drawing: Any, n: int) -> NDArray[np.int64]:
        """Those with the lowest numbers."""
        return np.sort(np.argsort(drawing, kind='stable')[: -(-frames // n)])
