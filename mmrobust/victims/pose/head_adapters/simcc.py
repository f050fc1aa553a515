"""SimCC: one distribution per joint and axis; an argmax ends the gradient.

Shapes: N samples, K joints, Bx and By bins of the two axes.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from mmrobust.functional.pose_losses import discrete_kl, outside_margin, soft_argmax
from mmrobust.victims.pose.head_adapters.base import HeadAdapter, Loss, PoseReference
from mmrobust.victims.pose.head_adapters.registry import register


@register('SimCCHead', 'RTMCCHead', 'RTMWHead')
class SimCCAdapter(HeadAdapter):
    """F^k = the logits (N, K, Bx) and (N, K, By), joined per joint."""

    codecs = ('SimCCLabel',)

    @property
    def bins(self) -> list[int]:
        """Bx and By."""
        return [round(side * self.codec.simcc_split_ratio) for side in self.input_size]

    def flatten(self, response: tuple[Tensor, Tensor]) -> Tensor:
        """(N, K, Bx), (N, K, By) -> (N, K * (Bx + By))."""
        return self.picked(torch.cat(response, dim=2), 1).flatten(1)

    def unflatten(self, outputs: Tensor) -> tuple[Tensor, Tensor]:
        """(N, K * (Bx + By)) -> (N, K, Bx), (N, K, By)."""
        x, y = outputs.reshape(len(outputs), -1, sum(self.bins)).split(self.bins, dim=2)
        return x, y

    def encoded_response(self, encoded: Mapping[str, Any]) -> Tensor:
        """The encoded labels of both axes, joined (K, Bx + By)."""
        axes = (encoded['keypoint_x_labels'], encoded['keypoint_y_labels'])
        return torch.cat([torch.from_numpy(axis[0]) for axis in axes], dim=1)

    @property
    def _beta(self) -> float:
        return float(getattr(self.head.loss_module, 'beta', 1.0))

    def soft_coordinates(self, outputs: Tensor) -> Tensor:
        """Mean bin under the softmax that the head was trained with."""
        bins = [soft_argmax(logits, self._beta) for logits in self.unflatten(outputs)]
        return torch.stack(bins, dim=2) / self.codec.simcc_split_ratio

    def groups(self, outputs: Tensor, reference: PoseReference) -> Tensor:
        """<h, F> of every joint over both axes (N, K)."""
        return (torch.cat(self.unflatten(outputs), dim=2) * reference.response).sum(dim=2)

    def losses(self) -> Mapping[str, Loss]:
        """``kl`` and ``soft_argmax``."""
        return {'kl': self.kl, 'soft_argmax': self.soft_argmax}

    def joint_margins(self, outputs: Tensor, keypoints: Tensor, reach: Tensor) -> Tensor:
        """Best bin beyond reach minus best bin within it, on the axis where that is more (N, K).

        One axis is enough to lose a joint; one that is lost by both together alone is not seen.
        """
        margins = []
        for axis, logits in enumerate(self.unflatten(outputs)):
            bins = torch.arange(logits.shape[2], device=logits.device).to(keypoints)
            gap = (bins / self.codec.simcc_split_ratio - keypoints[:, :, axis, None]).abs()
            inside = (gap <= reach[:, :, None]).scatter(2, gap.argmin(dim=2, keepdim=True), True)
            scale = (logits.amax(dim=2) - logits.mean(dim=2)).detach()
            found = outside_margin(logits, inside)
            margins.append(found / scale.where(scale > 0, torch.ones_like(scale)))
        return torch.stack(margins).amax(dim=0)

    def kl(self, outputs: Tensor, reference: PoseReference) -> Tensor:
        """The head's ``KLDiscretLoss`` for each sample alone (N,), both axes added."""
        trained = self.head.loss_module
        loss = outputs.new_zeros(len(outputs))
        pairs = zip(
            self.unflatten(outputs), reference.response.split(self.bins, dim=2), strict=True
        )
        for logits, labels in pairs:
            if getattr(trained, 'label_softmax', False):
                labels = (labels * trained.label_beta).softmax(dim=2)
            loss = loss + discrete_kl(self._beta * logits, labels, reference.weights)
        return loss
