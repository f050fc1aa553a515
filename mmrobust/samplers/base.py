"""Noise for the directions that a query attack tries.

Shapes: C channels, T frames, H, W pixels; values 0..255.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from mmrobust.flow.estimator import FlowEstimator
from mmrobust.functional.checks import require, whole
from mmrobust.functional.describe import describe_fields
from mmrobust.samplers.motion import describe_motion


@dataclass(kw_only=True, eq=False)
class NoiseSampler(ABC):
    """A sampler from a config; ``bind`` ties it to a video.

    Args:
        tile: The random frame is drawn at (ceil(H / tile), ceil(W / tile)), >= 1;
            each of its values fills a square of tile x tile pixels, before
            anything is moved.

    Attributes:
        anywhere: Whether it needs no picture (with ``tile=1``): joints have no neighbours.
    """

    anywhere: ClassVar[bool] = False

    tile: int = 1

    def __post_init__(self) -> None:
        require(whole(self.tile, 1), 'tile', 'a whole number >= 1', self.tile)

    @abstractmethod
    def bind(self, pixels: Tensor, starts: Sequence[int] = (0,)) -> Noise:
        """The noise of a clean video (C, T, H, W); its motion is computed here, once.

        Args:
            pixels: The video.
            starts: First frames of the views (clips, crops) that follow one
                another in it, in order, the first of them 0: what moves with
                time begins anew there.

        Raises:
            ValueError: No clip of this shape, or of a kind that has no motion
                where the sampler needs it.
        """

    @property
    def name(self) -> str:
        """For reports."""
        return type(self).__name__

    def describe(self) -> dict[str, Any]:
        """The options, as a config would give them; see also :func:`describe_motion`."""
        options = describe_fields(self)
        for name, value in options.items():
            if isinstance(value, FlowEstimator):
                options[name] = describe_motion(value)
        return options


class Noise(ABC):
    """A sampler bound to one video.

    Args:
        pixels: The clean video (C, T, H, W); only its shape and device are kept.
        tile: See :class:`NoiseSampler`.

    Attributes:
        flags: Of the video, for the report.
    """

    flags: tuple[str, ...] = ()

    def __init__(self, pixels: Tensor, tile: int) -> None:
        shape = tuple(pixels.shape)
        require(len(shape) == 4 and 0 not in shape, 'pixels', 'a video (C, T, H, W)', shape)
        self.shape, self.device, self.tile = shape, pixels.device, tile

    @abstractmethod
    def draw(self, generator: torch.Generator, iteration: int) -> Tensor:
        """Noise (C, T, H, W), float32, on the video's device.

        Values are standard normal where nothing but whole pixels moved it.

        Args:
            generator: On the CPU, so that every device sees the same numbers.
            iteration: Of the attack, from 0; for motion that changes with it.
        """

    def frames(self, generator: torch.Generator, count: int) -> Tensor:
        """``count`` independent frames of noise (C, count, H, W)."""
        channels, _, height, width = self.shape
        coarse = [-(-side // self.tile) for side in (height, width)]
        found = torch.randn(channels, count, *coarse, generator=generator).to(self.device)
        for axis in (2, 3):
            found = found.repeat_interleave(self.tile, dim=axis)
        return found[..., :height, :width]
