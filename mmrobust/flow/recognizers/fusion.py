"""Late fusion of two streams' scores.

Shapes: N videos, R rows of scores per video (views), K classes.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from mmaction.models.heads import BaseHead
from torch import Tensor

from mmrobust.functional.averaging import average_views

Fusion = Literal['score', 'prob']


class FusionHead(BaseHead):
    """The head of a two-stream recogniser: fused scores instead of features.

    A mean over views of the fused rows is the fusion of the streams' means, in
    both kinds of fusion, so that views are averaged as ``fusion`` says
    (``average_clips``) whatever the streams' own heads do.

    Args:
        num_classes: K.
        fusion: 'score' or 'prob'.
        weights: Of the RGB and the motion stream.
        num_segments: Views that belong together and must not be parted.
    """

    def __init__(
        self,
        num_classes: int,
        fusion: Fusion,
        weights: tuple[float, float],
        num_segments: int,
    ) -> None:
        super().__init__(num_classes, in_channels=2 * num_classes, average_clips=fusion)
        self.weights, self.num_segments = weights, num_segments

    def forward(self, scores: tuple[Tensor, Tensor]) -> Tensor:
        """Fused rows (N * R, K) of the streams' logits, each (N, R, K).

        ``score``: the weighted sum of logits. ``prob``: the logarithm of the
        weighted mean of probabilities, whose softmax is that mean. Streams
        with unequal R (TSN has one row whatever the number of views) are
        averaged over their rows first.
        """
        if scores[0].shape[1] != scores[1].shape[1]:
            rgb, motion = (average_views(rows, self.average_clips)[:, None] for rows in scores)
        else:
            rgb, motion = scores
        if self.average_clips == 'score':
            fused = self.weights[0] * rgb + self.weights[1] * motion
        else:
            fused = log_mean_probability((rgb, motion), self.weights)
        return fused.flatten(0, 1)


def log_mean_probability(logits: tuple[Tensor, Tensor], weights: tuple[float, float]) -> Tensor:
    """Logarithm of the weighted mean of softmax probabilities (..., K)."""
    total = sum(weights)
    shares = [w / total for w in weights]
    parts = [
        rows.log_softmax(-1) + math.log(share)
        for rows, share in zip(logits, shares, strict=True)
        if share > 0
    ]
    return torch.stack(parts).logsumexp(0)
