"""Frames lost in one block (after SHARDeg, Malzard et al. 2025, arXiv:2505.18048)."""

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
class BlockDrop(FrameDrop):
    """One block of frames is lost; what is left lies before and behind it."""

    def draw(self, track: Track, draws: Draws) -> Any:
        """Which share of what is left lies before the block, 0 to 1."""
        return draws.of_clip().random()

    def left(self, frames: int, drawing: Any, n: int) -> NDArray[np.int64]:
        """The beginning and the end."""
        kept = -(-frames // n)
        before = int(drawing * (kept + 1))
        return np.delete(np.arange(frames), np.s_[before : before + frames - kept])
