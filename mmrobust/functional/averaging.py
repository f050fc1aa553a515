"""Averaging the views of a video into one score, with usable gradients."""

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

Averaging = Literal['prob', 'score'] | None


def average_views(logits: Tensor, averaging: Averaging) -> Tensor:
    """Scores of the views -> one score per video.

    ``prob`` is the mean of the views' probabilities, computed in log space:
    the logarithm of a mean of softmaxes underflows once a view is sure, and
    its gradient with it. A single view keeps its raw logits, whose softmax is
    the same and which losses on scores need.

    Args:
        logits: (N, V, K) for N videos, V views, K classes.
        averaging: The head's ``average_clips``.

    Returns:
        (N, K): logits (one view or ``score``) or log-probabilities
        (``prob``); softmax of either is what the test path reports.

    Raises:
        ValueError: ``averaging`` is None and there are several views, so that
            the test path makes no single decision.
    """
    views = logits.shape[1]
    if views == 1:
        return logits[:, 0]
    if averaging == 'prob':
        return logits.log_softmax(-1).logsumexp(1) - math.log(views)
    if averaging == 'score':
        return logits.mean(1)
    raise ValueError(
        f'average_clips must be "prob" or "score" to attack videos with several views; '
        f'this head has average_clips={averaging!r} and {views} views'
    )


def weighted_mixture(logits: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """Logarithm of the weighted mean of several models' probabilities, with usable gradients.

    Args:
        logits: Of each model (N, K), logits or log-probabilities.
        weights: Of each, > 0; they need not sum to one.

    Returns:
        (N, K), log-probabilities.
    """
    total = math.fsum(weights)
    parts = [
        one.log_softmax(-1) + math.log(weight / total)
        for one, weight in zip(logits, weights, strict=True)
    ]
    return torch.stack(parts).logsumexp(0)
