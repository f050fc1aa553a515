"""Estimate a gradient from scores: where to ask, and what follows from the answers.

Shapes: C channels, T frames, H, W pixels, B probes. Offsets are in grey
levels; the direction that comes out has no unit, only a way.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from mmrobust.functional.describe import describe_fields

# Noise (C, T, H, W), zero mean, of unit size.
Draw = Callable[[], Tensor]


@dataclass(kw_only=True, eq=False)
class GradientEstimator(ABC):
    """The options of an estimator; ``bind`` starts one for a video."""

    @property
    @abstractmethod
    def probes(self) -> int:
        """B, the queries of one round."""

    @abstractmethod
    def bind(self, pixels: Tensor, tile: int = 1) -> Estimate:
        """A fresh estimate for a video (C, T, H, W).

        Args:
            pixels: The video.
            tile: Side of the squares of pixels that share a value of the noise.
        """

    def describe(self) -> dict[str, Any]:
        """The options, as a config would give them."""
        return describe_fields(self)


class Estimate(ABC):
    """What is believed of one video's gradient, round by round."""

    @abstractmethod
    def propose(self, draw: Draw) -> Tensor:
        """Offsets (B, C, T, H, W) from the current pixels, to be asked about."""

    @abstractmethod
    def learn(self, objectives: Tensor) -> Tensor:
        """The way up (C, T, H, W), after objectives (B,) at the proposed offsets."""
