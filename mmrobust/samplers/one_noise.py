"""The same noise in every frame.

Shapes: C channels, T frames, H, W pixels.
"""

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor

from mmrobust.registry import SAMPLERS
from mmrobust.samplers.base import Noise, NoiseSampler


@SAMPLERS.register_module()
class OneNoise(NoiseSampler):
    """One frame of noise, repeated: the arm that knows of time, but of no motion.

    "One-noise" in Zhang, Zhu, Zhu and Yang (2020, arXiv:2003.07637).

    Args:
        tile: See :class:`~mmrobust.samplers.base.NoiseSampler`.
    """

    anywhere: ClassVar[bool] = True

    def bind(self, pixels: Tensor, starts: Sequence[int] = (0,)) -> Noise:
        """The noise of a video (C, T, H, W)."""
        return Repeated(pixels, self.tile)


class Repeated(Noise):
    """One frame of noise for the whole video.

    Args:
        pixels: See :class:`~mmrobust.samplers.base.Noise`.
        tile: See :class:`~mmrobust.samplers.base.NoiseSampler`.
        flags: where another sampler falls back to this one.
    """

    def __init__(self, pixels: Tensor, tile: int, flags: tuple[str, ...] = ()) -> None:
        super().__init__(pixels, tile)
        self.flags = flags

    def draw(self, generator: torch.Generator, iteration: int) -> Tensor:
        """A new frame, T times."""
        return self.frames(generator, 1).repeat(1, self.shape[1], 1, 1)
