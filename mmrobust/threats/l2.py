"""The l_2 ball: the whole perturbation has Euclidean length at most eps."""

from dataclasses import dataclass

from torch import Tensor

from mmrobust.functional.checks import finite, require
from mmrobust.functional.norms import expand_to, l2_norm, unit_l2
from mmrobust.functional.randomness import SampleRandom
from mmrobust.functional.rounding import round_within_l2
from mmrobust.registry import THREATS
from mmrobust.threats.base import Threat


@THREATS.register_module()
@dataclass(frozen=True)
class L2(Threat):
    """All clips within Euclidean distance ``eps``, over all values of a clip.

    Args:
        eps: Length of the perturbation in grey levels (0..255), >= 0. A change
            of d at every value of a (3, T, H, W) clip has length
            d * sqrt(3 * T * H * W): budgets are in the hundreds or thousands.
    """

    eps: float = 1000.0

    def __post_init__(self) -> None:
        require(finite(self.eps) and self.eps >= 0, 'eps', 'a finite number >= 0', self.eps)

    def random(self, pixels: Tensor, rng: SampleRandom) -> Tensor:
        """Uniform direction, length uniform in [0, eps]."""
        radius = rng.uniform_like(pixels.flatten(1)[:, 0:1]).squeeze(1)
        direction = unit_l2(rng.normal_like(pixels))
        return pixels + self.eps * expand_to(radius, pixels) * direction

    def steepest(self, gradient: Tensor) -> Tensor:
        """The gradient at unit length; zero where it is zero."""
        return unit_l2(gradient)

    def project(self, candidate: Tensor, pixels: Tensor) -> Tensor:
        """Shorten a change that is too long."""
        delta = candidate - pixels
        norm = expand_to(l2_norm(delta), delta)
        # Without the guard a length of zero would divide zero by zero.
        scale = (self.eps / norm.where(norm > 0, 1.0)).clamp(max=1.0)
        return pixels + delta * scale

    def quantize(self, candidate: Tensor, pixels: Tensor) -> Tensor:
        """Round to whole grey levels at the same length, as far as that goes."""
        return pixels + round_within_l2(candidate - pixels, self.eps)

    def distance(self, candidate: Tensor, pixels: Tensor) -> Tensor:
        """The length of each sample's change (N,)."""
        return l2_norm(candidate - pixels)
