"""Plain re-implementations share these: one clip at a time, so that nothing can mix clips."""

import torch
from toys import predicted

EPS, STEPS = 6.0, 5
ALPHA = 0.2 * EPS
SHARED = {'steps': STEPS, 'step_size': 0.2}


def loss_gradient(net, x, label):
    """Gradient of J(x, y) = -log p_y at one clip (C, T, H, W)."""
    x = x.detach().clone().requires_grad_()
    loss = torch.nn.functional.cross_entropy(net(x[None]), label[None])
    return torch.autograd.grad(loss, x)[0]


def normalised(gradient):
    return gradient / gradient.abs().mean()


def stepped(x, g, clean):
    return (clean + (x + ALPHA * g.sign() - clean).clamp(-EPS, EPS)).clamp(0, 255)


def seen_by(attack, scene, seeds=None):
    """What the victim saw between the clean clips and the looks at the result; the outcomes."""
    _, pixels, labels, victim = scene
    victim.seen.clear()
    outcomes = attack(victim, pixels, labels, seeds=seeds)
    return victim.seen[1:-2], outcomes


def assert_seen(attack, scene, expected, seeds=None):
    """``expected``: per clip, the places that the gradient is taken at, then the last iterate."""
    seen, outcomes = seen_by(attack, scene, seeds)
    assert len(seen) == len(expected[0]) - 1
    for step, places in enumerate(seen):
        reference = torch.stack([own[step] for own in expected])
        torch.testing.assert_close(places, reference, rtol=0, atol=1e-8)
    for outcome, own, clean in zip(outcomes, expected, scene[1], strict=True):
        assert torch.equal(outcome.adversarial.double(), clean + (own[-1] - clean).round())


def assert_same(one, other, victim, pixels):
    labels = predicted(victim, pixels)
    pairs = zip(one(victim, pixels, labels), other(victim, pixels, labels), strict=True)
    for found, wanted in pairs:
        assert torch.equal(found.adversarial, wanted.adversarial)
