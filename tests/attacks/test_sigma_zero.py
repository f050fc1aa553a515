"""Sigma-zero: the fewest units that a linear victim needs, and the steps of a plain version."""

import math

import numpy as np
import pytest
import torch
from borders import WAY, gaps, leads, victim
from toys import ConvNet, Linear, PerClip, Recording, clips, predicted, random_weights

from mmrobust.attacks.sigma_zero import SigmaZero
from mmrobust.goals import Misclassify, TargetClass
from mmrobust.threats import L0, L2, FrameMask, Linf

MOST = {'value': 945, 'pixel': 315, 'frame': 5}


def _net(pixels, ahead=3.0):
    return Linear(random_weights(classes=2), leads(pixels) + torch.tensor([ahead, 0]))


def fewest(pixels, gaps, unit, limit=None, way=WAY):
    """How many units a linear victim needs: those that gain most, each to its end."""
    found = []
    for clean, gap in zip(pixels, gaps, strict=True):
        room = torch.where(way > 0, 255 - clean, clean).clamp(max=limit or 255)
        gain = room * way.abs()
        gain = {'value': gain, 'pixel': gain.sum(dim=0), 'frame': gain.sum(dim=(0, 2, 3))}[unit]
        sums = gain.flatten().sort(descending=True).values.cumsum(0)
        found.append(int((sums < gap).sum()) + 1)
    return found


@pytest.mark.parametrize('unit', ['value', 'pixel', 'frame'])
@pytest.mark.parametrize('limit', [None, 24.0])
def test_it_needs_little_more_than_the_fewest(unit, limit):
    pixels = clips(3)
    net = _net(pixels)
    exact = fewest(pixels, gaps(net, pixels), unit, limit)
    attack = SigmaZero(threat=L0(MOST[unit], unit, limit))
    target = victim(net)
    outcomes = attack(target, pixels, predicted(target, pixels))
    for outcome, least in zip(outcomes, exact, strict=True):
        counts = {'value': outcome.values, 'pixel': outcome.pixels, 'frame': outcome.frames}
        assert outcome.success
        assert outcome.measures['eps_star'] == counts[unit]
        assert least <= counts[unit] <= math.ceil(1.05 * least) + (unit != 'frame')
        assert limit is None or outcome.linf <= limit


def test_inside_a_mask_it_needs_the_fewest_there():
    pixels, mask = clips(3), torch.zeros_like(WAY)
    mask[:, [1, 3]] = 1
    net = _net(pixels, 1.0)
    exact = fewest(pixels, gaps(net, pixels), 'value', way=WAY * mask)
    threat, target = FrameMask(L0(300), [1, 3]), victim(net)
    for outcome, clean, least in zip(
        SigmaZero(threat=threat)(target, pixels, predicted(target, pixels)),
        pixels,
        exact,
        strict=True,
    ):
        assert not ((outcome.adversarial.double() - clean) * (1 - mask)).any()
        assert least <= outcome.measures['eps_star'] <= 1.1 * least + 1


def test_the_budget_is_where_it_gives_up():
    pixels = clips(4)
    net = _net(pixels)
    target = victim(net)
    exact = fewest(pixels, gaps(net, pixels), 'value')
    cap = sorted(exact)[0] + 1
    outcomes = SigmaZero(threat=L0(cap + 0.5))(target, pixels, predicted(target, pixels))
    assert {outcome.success for outcome in outcomes} == {True, False}
    for outcome, least in zip(outcomes, exact, strict=True):
        assert outcome.success == (least <= cap)
        assert outcome.values <= cap
        assert ('eps_star' in outcome.measures) == outcome.success
        # What does not succeed goes as far as it may.
        assert outcome.success or outcome.values == cap


def _plain(net, clean, label, steps):
    """One clip, values counted, with torch's own Adam and gradients by autograd."""
    d = torch.zeros_like(clean).requires_grad_()
    adam, tau, seen = torch.optim.Adam([d], lr=1.0), 0.3, []
    for step in range(steps):
        z = net((clean + 255 * d)[None])[0]
        seen.append((clean + 255 * d).detach().clone())
        f = z[label] - torch.cat([z[:label], z[label + 1 :]]).max()
        wins = int(z.argmax()) != label
        loss = f.clamp(min=0) + (d.square() / (d.square() + 1e-3)).mean()
        (g,) = torch.autograd.grad(loss, d)
        lr = 0.1 + 0.9 * (1 + math.cos(math.pi * step / steps)) / 2
        adam.param_groups[0]['lr'] = lr
        d.grad = g / g.abs().max()
        adam.step()
        with torch.no_grad():
            d.copy_((clean + 255 * d.clamp(-1, 1)).clamp(0, 255).sub(clean).div(255))
            tau = min(max(tau + (0.01 if wins else -0.01) * lr, 0), 1)
            d[d.abs() < tau] = 0
    return [*seen, (clean + 255 * d).detach()]


def test_every_iterate_is_that_of_a_plain_version():
    net, pixels, steps = ConvNet().double().eval(), clips(3, low=0, high=256), 40
    target = Recording(net)
    target.dtype = torch.float64
    labels = predicted(target, pixels)
    target.seen.clear()
    SigmaZero(threat=L0(945), steps=steps, refinements=0)(target, pixels, labels)
    wins = []
    for row in range(3):
        expected = _plain(net, pixels[row], int(labels[row]), steps)
        for step, x in enumerate(expected):
            seen = target.seen[1 + step][row]
            np.testing.assert_allclose(seen, x, rtol=0, atol=1e-6)
            wins.append(int(net(seen[None]).argmax()) != int(labels[row]))
    # Thresholds rise and fall, and some values are set back.
    assert 6 <= sum(wins) <= len(wins) - 6
    assert any(bool((one[0] == pixels[0]).any()) for one in target.seen[2:steps])


@pytest.mark.parametrize(
    'threat', [L0(60), L0(30, 'pixel', 40.0), L0(2, 'frame', 6.0), FrameMask(L0(50), [1, 3])]
)
@pytest.mark.parametrize('goal', [Misclassify(), TargetClass()])
def test_a_batch_gets_what_its_clips_get_alone(threat, goal):
    target, pixels = PerClip.of(4), clips(4, seed=5)
    labels = predicted(target, pixels)
    attack = SigmaZero(threat=threat, goal=goal, steps=12)
    for row, outcome in enumerate(attack(target, pixels, labels)):
        one = torch.tensor([row])
        (alone,) = attack(target.select(one), pixels[one], labels[one])
        assert torch.equal(alone.adversarial, outcome.adversarial)
        assert (alone.measures, alone.forwards) == (outcome.measures, outcome.forwards)


def test_costs_are_the_steps_and_two_looks():
    target = victim(Linear(random_weights(classes=2), torch.tensor([1e4, 0]).double()))
    for outcome in SigmaZero(steps=7)(target, clips(2), torch.zeros(2).long()):
        assert (outcome.forwards, outcome.backwards) == (9, 7)


@pytest.mark.parametrize('eps', [0, 0.9])
def test_below_one_nobody_is_asked(eps):
    target = victim()
    (outcome,) = SigmaZero(threat=L0(eps))(target, clips(1), predicted(target, clips(1)))
    assert (outcome.forwards, outcome.values) == (0, 0)


@pytest.mark.parametrize('threat', [Linf(8), L2(100), FrameMask(Linf(8), [1])])
def test_other_norms_are_refused(threat):
    with pytest.raises(ValueError, match='threat must be L0, masked or not, for SigmaZero, got'):
        SigmaZero(threat=threat)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'sigma': 0.0}, 'sigma must be a finite number > 0'),
        ({'threshold': 1.5}, r'threshold must be a number in \[0, 1\]'),
        ({'change': 0.0}, 'change must be a finite number > 0'),
        ({'last_step_size': -1.0}, 'last_step_size must be a finite number > 0'),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        SigmaZero(**options)
