"""Losses of pose responses per sample, and coordinates that a gradient passes.

Shapes: N samples, K joints, H, W of a heatmap, B bins. ``weights`` (N, K) are
0 for a joint that does not count. Every loss (N,) grows with the distance from
its target, so that an untargeted attack increases it.
"""

import torch
from torch import Tensor


def heatmap_mse(heatmaps: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Weighted squared error, mean over all K * H * W values; (N,).

    MMPose's ``KeypointMSELoss`` of one sample.

    Args:
        heatmaps: (N, K, H, W).
        target: (N, K, H, W).
        weights: (N, K).
    """
    error = (heatmaps - target).square().flatten(2).mean(dim=2)
    return (weights * error).mean(dim=1)


def coordinate_l1(coordinates: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Weighted absolute error, mean over all K * 2 coordinates; (N,).

    Args:
        coordinates: (N, K, 2).
        target: (N, K, 2).
        weights: (N, K).
    """
    return (weights[..., None] * (coordinates - target).abs()).flatten(1).mean(dim=1)


def joint_distance(coordinates: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Euclidean distance, mean over the joints by weight; (N,); 0 without any.

    Args:
        coordinates: (N, K, 2).
        target: (N, K, 2).
        weights: (N, K).
    """
    # The root has no gradient at 0; a billionth of a pixel has.
    distance = ((coordinates - target).square().sum(dim=2) + 1e-18).sqrt()
    total = weights.sum(dim=1)
    return (weights * distance).sum(dim=1) / total.where(total > 0, 1.0)


def capped_spread(
    coordinates: Tensor, target: Tensor, weights: Tensor, spread: Tensor, most: float
) -> Tensor:
    """Squared distance over a spread, at most ``most``, mean over the joints by weight; (N,).

    The exponents of object keypoint similarity. That itself has next to no slope where a joint
    is far; its exponent would go on for ever with joints that are lost, hence the cap. Without
    a joint that counts it is 0.

    Args:
        coordinates: (N, K, 2).
        target: (N, K, 2).
        weights: (N, K).
        spread: (N, K), squared unit of the coordinates, > 0.
        most: > 0.
    """
    exponents = (coordinates - target).square().sum(dim=2) / spread
    total = weights.sum(dim=1)
    return (weights * exponents.clamp(max=most)).sum(dim=1) / total.where(total > 0, 1.0)


def outside_margin(scores: Tensor, inside: Tensor) -> Tensor:
    """Best score outside of a region minus best score inside of it; (..., B) -> (...).

    Above zero where the best of all lies outside. With nothing on one side there is no
    question: it is minus or plus infinity then.

    Args:
        scores: (..., B), of cells or bins.
        inside: (..., B) bool.
    """
    out = scores.masked_fill(inside, -torch.inf).amax(dim=-1)
    within = scores.masked_fill(~inside, -torch.inf).amax(dim=-1)
    return out - within


def discrete_kl(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Kullback-Leibler divergence of a softmax from labels, mean over bins and joints; (N,).

    MMPose's ``KLDiscretLoss`` of one sample and one axis: bins without label
    count nothing, and the labels need not add up to 1.

    Args:
        logits: (N, K, B).
        labels: (N, K, B), >= 0.
        weights: (N, K).
    """
    divergence = torch.special.xlogy(labels, labels) - labels * logits.log_softmax(dim=2)
    return (weights * divergence.mean(dim=2)).mean(dim=1)


def soft_argmax(scores: Tensor, temperature: float) -> Tensor:
    """Mean bin under a softmax of ``temperature * scores``; (..., B) -> (...).

    Source: Sun et al. 2018, arXiv:1711.08229, eq. 2.
    """
    bins = torch.arange(scores.shape[-1], device=scores.device, dtype=scores.dtype)
    return ((temperature * scores).softmax(dim=-1) * bins).sum(dim=-1)


def soft_argmax_2d(heatmaps: Tensor, temperature: float) -> Tensor:
    """Mean (x, y) cell under a softmax over each heatmap; (N, K, H, W) -> (N, K, 2)."""
    height, width = heatmaps.shape[2:]
    share = (temperature * heatmaps).flatten(2).softmax(dim=2).unflatten(2, (height, width))
    x = torch.arange(width, device=heatmaps.device, dtype=heatmaps.dtype)
    y = torch.arange(height, device=heatmaps.device, dtype=heatmaps.dtype)
    return torch.stack([(share.sum(dim=2) * x).sum(dim=2), (share.sum(dim=3) * y).sum(dim=2)], -1)
