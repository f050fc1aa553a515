"""Independent noise in every frame.

Shapes: C channels, T frames, H, W pixels.
"""

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor

from mmrobust.registry import SAMPLERS
from mmrobust.samplers.base import Noise, NoiseSampler


@SAMPLERS.register_module()
class MultiNoise(NoiseSampler):
    """Noise that knows nothing of time: the arm without a prior.

    What natural evolution strategies and bandits (Ilyas, Engstrom and Madry
    2019, arXiv:1807.07978) draw when they are taken from images to videos, and
    "multi-noise" in Zhang, Zhu, Zhu and Yang (2020, arXiv:2003.07637).

    Args:
        tile: See :class:`~mmrobust.samplers.base.NoiseSampler`.
    """

    anywhere: ClassVar[bool] = True

    def bind(self, pixels: Tensor, starts: Sequence[int] = (0,)) -> Noise:
        """The noise of a video (C, T, H, W)."""
        return _Independent(pixels, self.tile)


class _Independent(Noise):
    def draw(self, generator: torch.Generator, iteration: int) -> Tensor:
        return self.frames(generator, self.shape[1]).contiguous()
