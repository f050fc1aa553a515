"""A victim of two classes whose border is known, and what an attack finds on the way to it."""

import pytest
import torch
from toys import Linear, predicted, random_weights

from mmrobust.threats import L1, L2, FrameMask, PixelMask
from mmrobust.victims import FunctionVictim

NET = Linear(random_weights(classes=2))
WAY = (NET.weights[1] - NET.weights[0]).detach()


def victim(net=NET, rounded=True):
    return FunctionVictim(net, dtype=torch.uint8 if rounded else torch.float64)


def gaps(net, pixels):
    """How far the first of two classes leads the other, or trails it (N,)."""
    with torch.no_grad():
        scores = net(pixels)
    return (scores[:, 0] - scores[:, 1]).abs()


def smallest(attack, net, pixels, rounded=True):
    """``eps_star`` (N,) of clips that all are fooled, which is what their pixels say."""
    target = victim(net, rounded)
    outcomes = attack(target, pixels, predicted(target, pixels))
    for outcome, clean in zip(outcomes, pixels, strict=True):
        delta = outcome.adversarial.double() - clean
        euclidean = isinstance(attack.threat, L2 | FrameMask | PixelMask)
        order = 2 if euclidean else 1 if isinstance(attack.threat, L1) else torch.inf
        size = torch.linalg.vector_norm(delta, order)
        assert outcome.success
        assert outcome.measures['eps_star'] == pytest.approx(float(size), rel=1e-6)
    return torch.tensor([outcome.measures['eps_star'] for outcome in outcomes]).double()


def leads(pixels):
    """A bias under which the mean clip stands on the border, and none behind it."""
    with torch.no_grad():
        scores = NET(pixels)
    return torch.stack([(scores[:, 1] - scores[:, 0]).max(), torch.zeros(()).double()])
