"""Coordinates: heads that are differentiable to the end.

Shapes: N samples, K joints.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from mmrobust.functional.pose_losses import coordinate_l1
from mmrobust.victims.pose.head_adapters.base import HeadAdapter, Loss, PoseReference
from mmrobust.victims.pose.head_adapters.registry import register


@register('RegressionHead', 'IntegralRegressionHead', 'DSNTHead')
class CoordinateAdapter(HeadAdapter):
    """F^k = coordinates (N, K, 2), 0..1 of the crop's width and height."""

    codecs = ('RegressionLabel', 'IntegralRegressionLabel')
    values: ClassVar[int] = 2

    def flatten(self, response: Tensor) -> Tensor:
        """(N, 1, K, 2 or 4) -> (N, K * 2 or 4)."""
        return self.picked(response, 2).flatten(1)

    def unflatten(self, outputs: Tensor) -> Tensor:
        """(N, K * 2 or 4) -> (N, 1, K, 2 or 4)."""
        return outputs.reshape(len(outputs), 1, -1, self.values)

    def encoded_response(self, encoded: Mapping[str, Any]) -> Tensor:
        """The encoded coordinates (K, 2)."""
        return torch.from_numpy(encoded['keypoint_labels'][0])

    def coordinates(self, outputs: Tensor) -> Tensor:
        """The coordinates among the outputs (N, K, 2), 0..1."""
        return self.unflatten(outputs)[:, 0, :, :2]

    def soft_coordinates(self, outputs: Tensor) -> Tensor:
        """The coordinates in input pixels: there is nothing soft about them."""
        found = self.coordinates(outputs)
        return found * torch.tensor(self.input_size).to(found)

    def groups(self, outputs: Tensor, reference: PoseReference) -> Tensor:
        """Every coordinate of a joint that counts, 0 for the others (N, K * 2)."""
        return (self.coordinates(outputs) * (reference.weights > 0)[..., None]).flatten(1)

    def losses(self) -> Mapping[str, Loss]:
        """``l1`` and ``soft_argmax``, which is the Euclidean distance here."""
        return {'l1': self.l1, 'soft_argmax': self.soft_argmax}

    def l1(self, outputs: Tensor, reference: PoseReference) -> Tensor:
        """Absolute error of the coordinates (N,)."""
        return coordinate_l1(self.coordinates(outputs), reference.response, reference.weights)


@register('RLEHead')
class RLEAdapter(CoordinateAdapter):
    """F^k = mean and deviation (N, K, 4); the losses speak of the mean.

    The head's own likelihood is left out: an attack can raise it by shrinking
    the deviation alone.
    """

    values = 4

    def peak_scores(self, outputs: Tensor) -> Tensor:
        """What is left to 1 of the deviation, both axes' mean."""
        return (1 - self.unflatten(outputs)[:, 0, :, 2:]).mean(dim=2)
