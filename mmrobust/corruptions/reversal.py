"""Reverse sampling of the -P sets (Schiappa et al. 2023, arXiv:2207.01398)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mmrobust.corruptions.clip import Clip
from mmrobust.corruptions.order import Indices, OrderCorruption
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Reversal(OrderCorruption):
    """Every n-th frame alone, the last one first.

    ``constants`` are the n, those of :class:`~mmrobust.corruptions.sampling.Sampling`, whose
    frames these are.

    Args:
        sampled: Official setting: True. False takes every frame: the video backwards at its own
            speed, at each severity.
    """

    constants: ClassVar[tuple[int, ...]] = (2, 4, 8, 16, 32)
    sampled: bool = True

    def indices(self, clip: Clip, drawing: Any, severity: int) -> Indices:
        """Down to 0."""
        step = self.constants[severity - 1] if self.sampled else 1
        return np.arange(0, len(clip.frames), step)[::-1]
