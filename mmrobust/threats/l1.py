"""The l_1 ball: the absolute changes of all values sum up to at most eps."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from mmrobust.functional.checks import finite, require
from mmrobust.functional.l1_ball import laplace, shrunk_to_l1, steepest_few, top_signs
from mmrobust.functional.norms import expand_to, l1_norm, unit_l1
from mmrobust.functional.randomness import SampleRandom
from mmrobust.functional.rounding import round_within_l1
from mmrobust.registry import THREATS
from mmrobust.threats.base import Threat


@THREATS.register_module()
@dataclass(frozen=True)
class L1(Threat):
    """All clips whose absolute changes sum up to at most ``eps``, over all values of a clip.

    The steepest step changes a single value, which soon is at its end, so that steps are taken
    at a ``share`` of the values: those of the largest gradients, by their signs, all equally
    far; what a value that is near its end cannot take goes on to the next.

    Source: the step of Tramer and Boneh 2019, arXiv:1904.13000 (SLIDE). Deviations: the
    projection is that onto ball and range of values at once; steps do not leave the range.

    Args:
        eps: Sum of the absolute changes in grey levels (0..255), >= 0. A change of d at every
            value of a (3, T, H, W) clip has the norm d * 3 * T * H * W: budgets are in the
            thousands.
        share: Of the values, that a step changes, in (0, 1].
    """

    eps: float = 10000.0
    share: float = 0.01

    def __post_init__(self) -> None:
        require(finite(self.eps) and self.eps >= 0, 'eps', 'a finite number >= 0', self.eps)
        inside = finite(self.share) and 0 < self.share <= 1
        require(inside, 'share', 'a number in (0, 1]', self.share)

    def random(self, pixels: Tensor, rng: SampleRandom) -> Tensor:
        """Uniform direction, norm uniform in [0, eps]."""
        size = rng.uniform_like(pixels.flatten(1)[:, 0:1]).squeeze(1)
        direction = unit_l1(laplace(rng.uniform_like(pixels)))
        return pixels + self.eps * expand_to(size, pixels) * direction

    def steepest(self, gradient: Tensor) -> Tensor:
        """The best step of norm 1 that changes no value by more than 1 / (share * values)."""
        return top_signs(gradient, self._counts(gradient))

    def project(self, candidate: Tensor, pixels: Tensor) -> Tensor:
        """Shorten all changes by as much as it takes, none beyond zero."""
        return pixels + shrunk_to_l1(candidate - pixels, self.eps)

    def project_inside(
        self, candidate: Tensor, pixels: Tensor, bounds: tuple[float, float]
    ) -> Tensor:
        """The member of ball and range next to ``candidate``: what is cut leaves more to others."""
        delta, (low, high) = candidate - pixels, bounds
        room = torch.where(delta > 0, high - pixels, pixels - low).clamp(min=0)
        return (pixels + shrunk_to_l1(delta, self.eps, room)).clamp(low, high)

    def steepest_inside(
        self, gradient: Tensor, pixels: Tensor, bounds: tuple[float, float], lengths: Tensor
    ) -> Tensor:
        """Likewise, when no value goes beyond its end: what it cannot take goes to the next."""
        return steepest_few(gradient, pixels, bounds, lengths, self._counts(gradient))

    def quantize(self, candidate: Tensor, pixels: Tensor) -> Tensor:
        """Round to whole grey levels at the same norm, as far as that goes."""
        return pixels + round_within_l1(candidate - pixels, self.eps)

    def distance(self, candidate: Tensor, pixels: Tensor) -> Tensor:
        """The sum of the absolute changes of each sample (N,)."""
        return l1_norm(candidate - pixels)

    def _counts(self, like: Tensor) -> Tensor:
        """How many values of each sample (N,) a step changes."""
        count = max(math.ceil(self.share * like[:1].numel()), 1)
        return torch.full((len(like),), count, device=like.device)
