"""SimCC: one distribution per joint and axis; an argmax ends the gradient.

Shapes: N samples, K joints, Bx and By bins of the two axes.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from mmrobust.functional.local_maxima import local_maxima
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

    @property
    def refinement(self) -> float:
        """Half a bin where a bump is fitted, as ``use_dark`` says; else nothing."""
        fitted = bool(getattr(self.codec, 'use_dark', False))
        return 0.5 / float(self.codec.simcc_split_ratio) if fitted else 0.0

    def soft_coordinates(self, outputs: Tensor) -> Tensor:
        """Mean bin under the softmax that the head was trained with."""
        bins = [soft_argmax(logits, self._beta) for logits in self.unflatten(outputs)]
        return torch.stack(bins, dim=2) / self.codec.simcc_split_ratio

    def peak_scores(self, outputs: Tensor) -> Tensor:
        """Highest bins, of the axis where that is less."""
        x, y = (logits.amax(dim=2) for logits in self.unflatten(outputs))
        return torch.minimum(x, y)

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
            inside = self._inside(logits, keypoints[..., axis], reach)
            margins.append(outside_margin(logits, inside) / _height(logits))
        return torch.stack(margins).amax(dim=0)

    def peaks(self, outputs: Tensor, keypoints: Tensor, reach: Tensor, count: int) -> Tensor:
        """The bins of both axes that lead most; along the other axis the joint stays."""
        leads, places = [], []
        for axis, logits in enumerate(self.unflatten(outputs)):
            inside = self._inside(logits, keypoints[..., axis], reach)
            lead = (logits - _best_of(logits, inside)[..., None]) / _height(logits)[..., None]
            peaks = local_maxima(logits, 1) & ~inside
            leads.append(lead.detach().masked_fill(~peaks, -torch.inf))
            moved = keypoints[:, :, None].repeat(1, 1, logits.shape[2], 1)
            moved[..., axis] = _bins(logits) / self.codec.simcc_split_ratio
            places.append(moved)
        best = torch.cat(leads, dim=2).sort(dim=2, descending=True, stable=True)
        some, bins = best.values[..., :count], best.indices[..., :count, None].expand(-1, -1, -1, 2)
        chosen = torch.cat(places, dim=2).gather(2, bins)
        found = keypoints.new_full((*keypoints.shape[:2], count, 2), torch.nan)
        found[:, :, : bins.shape[2]] = chosen.masked_fill(~some.isfinite()[..., None], torch.nan)
        return found

    def leads(self, outputs: Tensor, keypoints: Tensor, reach: Tensor, places: Tensor) -> Tensor:
        """The bin of a place minus the best bin within reach, on the axis where that is more.

        Axes on which the place is within reach do not count: to lose a joint, one is enough.
        """
        known, leads = places.isfinite().all(dim=2), []
        aims = places.where(known[..., None], keypoints) * self.codec.simcc_split_ratio
        for axis, logits in enumerate(self.unflatten(outputs)):
            inside = self._inside(logits, keypoints[..., axis], reach)
            bins = aims[..., axis, None].round().long().clamp(0, logits.shape[2] - 1)
            lead = logits.gather(2, bins).squeeze(2) - _best_of(logits, inside)
            near = ~known | inside.gather(2, bins).squeeze(2)
            leads.append((lead / _height(logits)).masked_fill(near, -torch.inf))
        return torch.stack(leads).amax(dim=0)

    def _inside(self, logits: Tensor, at: Tensor, reach: Tensor) -> Tensor:
        """Which bins (N, K, B) are within reach of ``at`` (N, K); where none is, the nearest."""
        gap = (_bins(logits).to(at) / self.codec.simcc_split_ratio - at[..., None]).abs()
        return (gap <= reach[..., None]).scatter(2, gap.argmin(dim=2, keepdim=True), True)

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


def _bins(logits: Tensor) -> Tensor:
    return torch.arange(logits.shape[2], device=logits.device).to(logits)


def _best_of(logits: Tensor, inside: Tensor) -> Tensor:
    """The best score (N, K) among the bins of a region (N, K, B)."""
    return logits.masked_fill(~inside, -torch.inf).amax(dim=2)


def _height(logits: Tensor) -> Tensor:
    """The range (N, K) of scores (N, K, B) from mean to peak; 1 of flat ones."""
    height = (logits.amax(dim=2) - logits.mean(dim=2)).detach()
    return height.where(height > 0, torch.ones_like(height))
