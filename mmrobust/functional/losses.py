"""Classification losses per sample, as attacks use them.

Shapes: N samples, K classes. ``logits`` (N, K) may be raw scores or
log-probabilities; ``classes`` (N,) holds class indices. Every loss grows as
the class loses ground, so that an untargeted attack increases it and a
targeted one decreases it.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

# exp of it is far below any rounding error of a loss, and far above the
# smallest float32, so that a gradient of this size outlives the way back.
SURE = -50.0


def _own_and_others(logits: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
    """The scores of the classes (N,), and all (N, K) with those at -inf."""
    hidden = torch.zeros_like(logits, dtype=torch.bool).scatter(1, classes[:, None], True)
    own = logits.gather(1, classes[:, None]).squeeze(1)
    return own, logits.masked_fill(hidden, -torch.inf)


def cross_entropy(logits: Tensor, classes: Tensor) -> Tensor:
    """Minus the log-probability of the class; (N,).

    Computed as log(1 + exp(gap)), gap = log-sum-exp of the other scores minus
    the score of the class. The usual log-softmax has the gradient p - 1 at
    that score, which float32 rounds to 0 once the victim is sure (gap < -17):
    a step would then raise the others without lowering the class. Below
    ``SURE`` the loss goes on along its tangent, so that no victim is too sure.
    """
    wide = logits if logits.dtype == torch.float64 else logits.float()
    own, others = _own_and_others(wide, classes)
    gap = others.logsumexp(dim=1) - own
    bent = gap.clamp(min=SURE)
    return F.softplus(bent) + math.exp(SURE) * (gap - bent)


def margin(logits: Tensor, classes: Tensor) -> Tensor:
    """Best other score minus the score of the class; (N,), positive = another class wins.

    Source: Carlini and Wagner 2017, arXiv:1608.04644, f6 without its clamp.
    """
    own, others = _own_and_others(logits, classes)
    return others.amax(dim=1) - own


def logit(logits: Tensor, classes: Tensor) -> Tensor:
    """Minus the score of the class; (N,).

    Source: Zhao, Liu and Larson 2021, arXiv:2012.11207, eq. 6.
    """
    return -logits.gather(1, classes[:, None]).squeeze(1)


def probability_margin(logits: Tensor, classes: Tensor) -> Tensor:
    """Best other probability minus that of the class; (N,), -1..1.

    What query attacks call the margin, for scores are all that they see; its
    gradient vanishes where the victim is sure.
    """
    return margin(logits.softmax(dim=1), classes)


def runner_up(logits: Tensor, classes: Tensor) -> Tensor:
    """The second largest probability of all, whatever the class; (N,), 0..0.5.

    Source: the released code of Zhang et al. 2020 (arXiv:2003.07637), which
    lowers one minus it; for untargeted attacks alone. Once another class wins,
    the second largest is the class itself: the loss then says nothing.
    """
    return logits.softmax(dim=1).topk(2, dim=1).values[:, 1]


LOSSES = {
    'cross_entropy': cross_entropy,
    'margin': margin,
    'logit': logit,
    'probability_margin': probability_margin,
    'runner_up': runner_up,
}
