"""Sampling of the -P sets (Schiappa et al. 2023, arXiv:2207.01398)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mmrobust.corruptions.clip import Clip
from mmrobust.corruptions.order import Indices, OrderCorruption
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Sampling(OrderCorruption):
    """Every n-th frame alone: a video that plays n times as fast.

    ``constants`` are the n. ``ceil(T / n)`` frames are left, as in the official code (which once
    repeated each of them n times); :class:`~mmrobust.corruptions.frame_rate.FrameRate` keeps
    the speed.
    """

    constants: ClassVar[tuple[int, ...]] = (2, 4, 8, 16, 32)

    def indices(self, clip: Clip, drawing: Any, severity: int) -> Indices:
        """0, n, 2n, and so on."""
        return np.arange(0, len(clip.frames), self.constants[severity - 1])
