"""A ball round every joint of every frame.

Shapes: N samples, C coordinates, T frames, V joints, M persons; lengths in the unit of the track.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from mmrobust.functional.checks import finite, require
from mmrobust.functional.randomness import SampleRandom
from mmrobust.registry import THREATS
from mmrobust.threats.base import Threat


@THREATS.register_module()
@dataclass(frozen=True)
class JointL2(Threat):
    """All tracks whose joints lie within Euclidean distance ``eps`` of the clean ones.

    Each joint of each frame has a ball of its own. A joint that is 0 in all coordinates was not
    found, and stays.

    Args:
        eps: Radius of every ball, in what the track is counted in (shares of the body, unless
            the victim says otherwise), >= 0.
    """

    each: ClassVar[bool] = True

    eps: float = 0.05

    def __post_init__(self) -> None:
        require(finite(self.eps) and self.eps >= 0, 'eps', 'a finite number >= 0', self.eps)

    def random(self, pixels: Tensor, rng: SampleRandom) -> Tensor:
        """Of every joint: a uniform direction, a length uniform in [0, eps]."""
        away = _directions(rng.normal_like(pixels))
        length = rng.uniform_like(pixels[:, :1])
        return pixels + self.eps * length * away * found_joints(pixels)

    def steepest(self, gradient: Tensor) -> Tensor:
        """Every joint by 1 along its own gradient; none where that is zero."""
        return _directions(gradient)

    def project(self, candidate: Tensor, pixels: Tensor) -> Tensor:
        """Shorten the way of every joint that is too far off."""
        delta = (candidate - pixels) * found_joints(pixels)
        length = delta.norm(dim=1, keepdim=True)
        return pixels + delta * (self.eps / length.where(length > 0, 1.0)).clamp(max=1.0)

    def quantize(self, candidate: Tensor, pixels: Tensor) -> Tensor:
        """Every coordinate to the whole number towards the clean one."""
        return pixels + (candidate - pixels).trunc()

    def distance(self, candidate: Tensor, pixels: Tensor) -> Tensor:
        """The longest way of a joint (N,); infinite where one moved that was not found."""
        delta = candidate - pixels
        lost = ((delta != 0) & ~found_joints(pixels)).flatten(1).any(dim=1)
        return delta.norm(dim=1).flatten(1).amax(dim=1).masked_fill(lost, torch.inf)

    def check(self, pixels: Tensor) -> None:
        """Raise ValueError for what is no track."""
        track = pixels.dim() == 5 and pixels.shape[1] in (2, 3)
        rule = f'tracks (N, 2 or 3, T, V, M) for {type(self).__name__}'
        require(track, 'pixels', rule, tuple(pixels.shape))


def found_joints(pixels: Tensor) -> Tensor:
    """Which joints were found (N, 1, T, V, M)."""
    return (pixels != 0).any(dim=1, keepdim=True)


def _directions(vectors: Tensor) -> Tensor:
    """Each joint's vector at length 1; zero stays zero."""
    # Divided by the largest first: the square of a gradient of 1e-30 would be none.
    peak = vectors.abs().amax(dim=1, keepdim=True)
    scaled = vectors / peak.where(peak > 0, 1.0)
    length = scaled.norm(dim=1, keepdim=True)
    return scaled / length.where(length > 0, 1.0)
