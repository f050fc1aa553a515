"""The l_inf ball: every value may change by at most eps."""

import math
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from mmrobust.functional.checks import finite, require
from mmrobust.functional.norms import linf_norm
from mmrobust.functional.randomness import SampleRandom
from mmrobust.registry import THREATS
from mmrobust.threats.base import Threat


@THREATS.register_module()
@dataclass(frozen=True)
class Linf(Threat):
    """All clips within ``eps`` of the clean one, value by value.

    Args:
        eps: Largest change of a value, in grey levels (0..255), >= 0. Below 1
            nothing survives rounding to 8 bits, and results say so.
    """

    each: ClassVar[bool] = True

    eps: float = 8.0

    def __post_init__(self) -> None:
        require(finite(self.eps) and self.eps >= 0, 'eps', 'a finite number >= 0', self.eps)

    def random(self, pixels: Tensor, rng: SampleRandom) -> Tensor:
        """Uniform in the ball."""
        return pixels + self.eps * (2 * rng.uniform_like(pixels) - 1)

    def steepest(self, gradient: Tensor) -> Tensor:
        """The sign of the gradient."""
        return gradient.sign()

    def project(self, candidate: Tensor, pixels: Tensor) -> Tensor:
        """Clamp every change to [-eps, eps]."""
        return (candidate - pixels).clamp_(-self.eps, self.eps).add_(pixels)

    def quantize(self, candidate: Tensor, pixels: Tensor) -> Tensor:
        """Round to nearest, but to no more than floor(eps)."""
        whole = math.floor(self.eps)
        return pixels + (candidate - pixels).round().clamp(-whole, whole)

    def distance(self, candidate: Tensor, pixels: Tensor) -> Tensor:
        """The largest change of each sample (N,)."""
        return linf_norm(candidate - pixels)
