"""Changes of tracks that are slow in time.

Shapes: N samples, C coordinates, T frames, V joints, M persons, K waves.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from mmrobust.functional.checks import require, whole
from mmrobust.functional.randomness import SampleRandom
from mmrobust.functional.slow_waves import fitted_waves
from mmrobust.registry import THREATS
from mmrobust.threats.joints import JointL2, found_joints


@THREATS.register_module()
@dataclass(frozen=True)
class SmoothJoints(JointL2):
    """Tracks within ``eps`` of each joint whose change over time is a sum of slow cosines.

    The change of every coordinate of a joint is made of the first ``waves`` cosines over the
    clip, fitted in the frames in which the joint was found; where it is longer than ``eps`` in
    some frame, that of all frames is shortened alike, as cutting frames one by one would make it
    rough again. One wave is a static offset: postures change, and motion does not.

    What the type of a file rounds is as rough as its last bits, and ``distance`` does not ask
    for slowness: it is that of the balls.

    Args:
        eps: Longest way of a joint in any frame, in what the track is counted in, >= 0.
        waves: K, how many cosines, >= 1; with as many as there are frames, anything goes.
    """

    waves: int = 8

    def __post_init__(self) -> None:
        super().__post_init__()
        require(whole(self.waves, 1), 'waves', 'a whole number, at least 1', self.waves)

    def random(self, pixels: Tensor, rng: SampleRandom) -> Tensor:
        """Of every joint: random waves, the longest way uniform in [0, eps]."""
        way = self._unit(rng.normal_like(pixels), found_joints(pixels))
        return pixels + self.eps * rng.uniform_like(pixels[:, :1, :1]) * way

    def steepest(self, gradient: Tensor) -> Tensor:
        """Every joint's gradient, made slow, with a longest way of 1; none where it is zero."""
        return self._unit(gradient, torch.ones_like(gradient[:, :1], dtype=torch.bool))

    def project(self, candidate: Tensor, pixels: Tensor) -> Tensor:
        """Make every joint's change slow, and shorten it where it is too long."""
        slow = fitted_waves(candidate - pixels, found_joints(pixels), self.waves)
        longest = _longest(slow)
        return pixels + slow * (self.eps / longest.where(longest > 0, 1.0)).clamp(max=1.0)

    def _unit(self, values: Tensor, found: Tensor) -> Tensor:
        """Slow changes whose longest way is 1; none stays none."""
        peak = values.abs().amax(dim=(1, 2), keepdim=True)
        slow = fitted_waves(values / peak.where(peak > 0, 1.0), found, self.waves)
        longest = _longest(slow)
        return slow / longest.where(longest > 0, 1.0)


def _longest(delta: Tensor) -> Tensor:
    """The longest way of each joint over all frames (N, 1, 1, V, M)."""
    return delta.norm(dim=1, keepdim=True).amax(dim=2, keepdim=True)
