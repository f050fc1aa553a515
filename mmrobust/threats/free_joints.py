"""Tracks without a budget, for attacks whose papers have none.

Shapes: N samples, C coordinates, T frames, V joints, M persons.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from mmrobust.functional.randomness import SampleRandom
from mmrobust.registry import THREATS
from mmrobust.threats.base import Threat
from mmrobust.threats.joints import JointL2, found_joints


@THREATS.register_module()
@dataclass(frozen=True)
class FreeJoints(Threat):
    """Any track of the same joints: there is no budget, and so no ``eps``.

    Success says nothing here without the sizes of the change beside it, and none of it compares
    with what was found within a budget. A joint that is 0 in all coordinates was not found, and
    stays. Only attacks that say so (``free``) take it: the others measure their steps by a budget.
    """

    bounded: ClassVar[bool] = False

    @property
    def eps(self) -> float:  # type: ignore[override]
        """None to speak of; no option of a config."""
        return math.inf

    def random(self, pixels: Tensor, rng: SampleRandom) -> Tensor:
        """The clean track: nobody can draw from all of space."""
        return pixels.clone()

    def steepest(self, gradient: Tensor) -> Tensor:
        """Every joint by 1 along its own gradient; none where that is zero."""
        return JointL2().steepest(gradient)

    def project(self, candidate: Tensor, pixels: Tensor) -> Tensor:
        """The candidate itself, but for joints that were not found."""
        return torch.where(found_joints(pixels), candidate, pixels)

    def quantize(self, candidate: Tensor, pixels: Tensor) -> Tensor:
        """Every coordinate to the nearest whole number."""
        return candidate.round()

    def distance(self, candidate: Tensor, pixels: Tensor) -> Tensor:
        """The longest way of a joint (N,); infinite where one moved that was not found."""
        return JointL2().distance(candidate, pixels)

    def resized(self, eps: float) -> Threat:  # type: ignore[override]
        """A ball round every joint."""
        return JointL2(eps)

    def check(self, pixels: Tensor) -> None:
        """Raise ValueError for what is no track."""
        JointL2().check(pixels)
