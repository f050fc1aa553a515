"""Every iterate against plain re-implementations, written from the papers.

One clip at a time, so that nothing can mix clips; numpy-like and slow.
"""

import pytest
import torch

from mmrobust.attacks.fgsm import FGSM
from mmrobust.attacks.mi_fgsm import MIFGSM
from mmrobust.attacks.pgd import PGD
from mmrobust.goals import Misclassify, TargetClass
from mmrobust.threats import L2, Linf

EPS, STEPS = 6.0, 5


def _loss_gradient(net, x, label):
    """Gradient of J(x, y) = -log p_y at one clip (C, T, H, W)."""
    x = x.clone().requires_grad_()
    loss = torch.nn.functional.cross_entropy(net(x[None]), label[None])
    return torch.autograd.grad(loss, x)[0]


def _pgd(net, start, clean, label, alpha, sign=1.0):
    """Madry et al. 2018, eq. 4: x' = clip(x + alpha * sign(grad J), ball and range)."""
    x, seen = start, []
    for _ in range(STEPS):
        seen.append(x)
        x = x + sign * alpha * _loss_gradient(net, x, label).sign()
        x = torch.minimum(torch.maximum(x, clean - EPS), clean + EPS).clamp(0, 255)
    return [*seen, x]


def _pgd_l2(net, start, clean, label, alpha, eps):
    """The same with steps of length alpha along grad / ||grad||_2, and an l_2 ball."""
    x, seen = start, []
    for _ in range(STEPS):
        seen.append(x)
        gradient = _loss_gradient(net, x, label)
        delta = x + alpha * gradient / gradient.square().sum().sqrt() - clean
        length = float(delta.square().sum().sqrt())
        x = (clean + delta * min(1.0, eps / length)).clamp(0, 255)
    return [*seen, x]


def _mi_fgsm(net, clean, label, alpha, mu):
    """Dong et al. 2018, algorithm 1: g' = mu * g + grad / ||grad||_1."""
    x, g, seen = clean, torch.zeros_like(clean), []
    for _ in range(STEPS):
        seen.append(x)
        gradient = _loss_gradient(net, x, label)
        g = mu * g + gradient / gradient.abs().sum()
        x = (clean + (x + alpha * g.sign() - clean).clamp(-EPS, EPS)).clamp(0, 255)
    return [*seen, x]


def _assert_iterates(attack, scene, expected, seeds=None):
    """What the victim saw: clean clips, each iterate, the rounded result, a clean clip again."""
    _, pixels, labels, victim = scene
    outcomes = attack(victim, pixels, labels, seeds=seeds)
    iterates = victim.seen[1:-2]
    assert len(iterates) == len(expected[0]) - 1
    for step, iterate in enumerate(iterates):
        reference = torch.stack([own[step] for own in expected])
        torch.testing.assert_close(iterate, reference, rtol=0, atol=1e-8)
    for outcome, own, clean in zip(outcomes, expected, pixels, strict=True):
        final = clean + (own[-1] - clean).round()
        if isinstance(attack.threat, L2):
            # Rounding may shorten a change to keep it inside the ball.
            assert float((outcome.adversarial.double() - final).abs().max()) <= 1
        else:
            assert torch.equal(outcome.adversarial.double(), final)


def test_fgsm(scene):
    """Goodfellow et al. 2015: x + eps * sign(grad J)."""
    net, pixels, labels, _ = scene
    expected = [
        [x, (x + EPS * _loss_gradient(net, x, y).sign()).clamp(0, 255)]
        for x, y in zip(pixels, labels, strict=True)
    ]
    _assert_iterates(FGSM(Linf(EPS)), scene, expected)


def test_bim(scene):
    net, pixels, labels, _ = scene
    attack = PGD(Linf(EPS), steps=STEPS, step_size=0.3, random_start=False, early_stop=False)
    expected = [_pgd(net, x, x, y, 0.3 * EPS) for x, y in zip(pixels, labels, strict=True)]
    _assert_iterates(attack, scene, expected)


def test_pgd_from_a_random_start(scene):
    net, pixels, labels, _ = scene
    seeds = [5, 6, 7]
    attack = PGD(Linf(EPS), steps=STEPS, step_size=1.5, step_unit='pixel', early_stop=False)
    expected = []
    for x, y, seed in zip(pixels, labels, seeds, strict=True):
        noise = torch.rand(x.shape, generator=torch.Generator().manual_seed(seed)).double()
        start = (x + EPS * (2 * noise - 1)).clamp(0, 255)
        expected.append(_pgd(net, start, x, y, 1.5))
    _assert_iterates(attack, scene, expected, seeds)


def test_targeted_pgd_descends_the_loss_of_the_target(scene):
    net, pixels, labels, _ = scene
    goal = TargetClass(target='next')
    attack = PGD(Linf(EPS), goal, steps=STEPS, random_start=False, early_stop=False)
    expected = [
        _pgd(net, x, x, (y + 1) % 4, 0.25 * EPS, sign=-1)
        for x, y in zip(pixels, labels, strict=True)
    ]
    _assert_iterates(attack, scene, expected)


def test_l2_pgd(scene):
    net, pixels, labels, _ = scene
    attack = PGD(L2(90), steps=STEPS, step_size=0.4, random_start=False, early_stop=False)
    expected = [_pgd_l2(net, x, x, y, 36, 90) for x, y in zip(pixels, labels, strict=True)]
    _assert_iterates(attack, scene, expected)


@pytest.mark.parametrize('mu', [0.0, 0.7, 1.0])
def test_mi_fgsm(scene, mu):
    net, pixels, labels, _ = scene
    attack = MIFGSM(Linf(EPS), Misclassify(), steps=STEPS, step_size=0.2, decay=mu)
    expected = [_mi_fgsm(net, x, y, 0.2 * EPS, mu) for x, y in zip(pixels, labels, strict=True)]
    _assert_iterates(attack, scene, expected)


def test_momentum_matters_here(scene):
    """Else the parity above would hold for an attack without momentum."""
    net, pixels, labels, _ = scene
    plain, heavy = (_mi_fgsm(net, pixels[0], labels[0], 0.2 * EPS, mu)[-1] for mu in (0.0, 1.0))
    assert not torch.equal(plain, heavy)
