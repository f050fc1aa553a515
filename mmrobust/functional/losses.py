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

from mmrobust.functional.checks import require

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


def dlr(logits: Tensor, classes: Tensor) -> Tensor:
    """Difference of logits ratio: the margin over the gap of first and third score; (N,).

    Adding to all scores or stretching them changes nothing, so that no victim is too sure
    for it. Between -1 and 0 while the class leads.

    Source: Croce and Hein 2020, arXiv:2003.01690, eq. 6. The official code adds 1e-12 to
    the gap; here a gap of zero counts as one.

    Raises:
        ValueError: There are fewer than three classes.
    """
    rule = 'of at least 3 classes for loss dlr (margin takes two)'
    require(logits.shape[1] >= 3, 'outputs', rule, logits.shape[1])
    top = logits.topk(3, dim=1).values
    return margin(logits, classes) / _gap(top[:, 0] - top[:, 2])


def dlr_towards(logits: Tensor, classes: Tensor, targets: Tensor) -> Tensor:
    """How far the target leads the class, over the gap of the first four scores; (N,).

    Source: Croce and Hein 2020, arXiv:2003.01690, eq. 7: first minus the mean of third and
    fourth. Deviation: with three classes first minus the mean of the others, as the paper's
    has no gradient towards the third, and with two classes the gap is one.
    """
    gap = logits.gather(1, targets[:, None]) - logits.gather(1, classes[:, None])
    if logits.shape[1] < 3:
        return gap.squeeze(1)
    top = logits.topk(min(4, logits.shape[1]), dim=1).values
    lower = top[:, 2:] if top.shape[1] == 4 else top[:, 1:]
    return gap.squeeze(1) / _gap(top[:, 0] - lower.mean(dim=1))


def _gap(gap: Tensor) -> Tensor:
    """A gap to divide by: one where there is none, as all scores are alike."""
    return gap.where(gap > 0, torch.ones_like(gap))


LOSSES = {
    'cross_entropy': cross_entropy,
    'margin': margin,
    'logit': logit,
    'probability_margin': probability_margin,
    'runner_up': runner_up,
    'dlr': dlr,
}
