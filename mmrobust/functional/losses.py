"""Classification losses per sample, as attacks use them.

Shapes: N samples, K classes. ``logits`` (N, K) may be raw scores or
log-probabilities; ``classes`` (N,) holds class indices. Every loss grows as
the class loses ground, so that an untargeted attack increases it and a
targeted one decreases it.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def cross_entropy(logits: Tensor, classes: Tensor) -> Tensor:
    """Minus the log-probability of the class; (N,)."""
    return F.cross_entropy(logits, classes, reduction='none')


def margin(logits: Tensor, classes: Tensor) -> Tensor:
    """Best other score minus the score of the class; (N,), positive = another class wins.

    Source: Carlini and Wagner 2017, arXiv:1608.04644, f6 without its clamp.
    """
    own = logits.gather(1, classes[:, None]).squeeze(1)
    hidden = torch.zeros_like(logits, dtype=torch.bool).scatter(1, classes[:, None], True)
    return logits.masked_fill(hidden, -torch.inf).amax(dim=1) - own


def logit(logits: Tensor, classes: Tensor) -> Tensor:
    """Minus the score of the class; (N,).

    Source: Zhao, Liu and Larson 2021, arXiv:2012.11207, eq. 6.
    """
    return -logits.gather(1, classes[:, None]).squeeze(1)


LOSSES = {'cross_entropy': cross_entropy, 'margin': margin, 'logit': logit}
