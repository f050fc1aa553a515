"""C&W: its steps against torch's own Adam, its weights, and what it finds."""

import numpy as np
import pytest
import torch
from borders import NET, WAY, gaps, smallest, victim
from toys import ConvNet, Linear, PerClip, Recording, clips, predicted, random_weights

from mmrobust.attacks.carlini_wagner import CarliniWagner
from mmrobust.attacks.fmn import FMN
from mmrobust.goals import Misclassify, TargetClass
from mmrobust.threats import L2, FrameMask, PixelMask
from mmrobust.victims import FunctionVictim

FAST = {'steps': 50, 'searches': 5, 'step_size': 0.01, 'weight': 0.05}


def _plain(net, clean, label, steps, weights, kappa):
    """One clip: the loss of the paper, autograd through tanh, torch's Adam."""
    seen, low, high, c = [], 0.0, np.inf, 0.05
    for _ in range(weights):
        w = torch.atanh((1 - 1e-6) * (2 * clean / 255 - 1)).requires_grad_()
        # What is lost at the ends of tanh is no change.
        lost = clean / 255 - (torch.tanh(w.detach()) + 1) / 2
        adam, won = torch.optim.Adam([w], lr=0.05), False
        for step in range(steps + 1):
            x = (torch.tanh(w) + 1) / 2 + lost
            z = net(255 * x[None])[0]
            seen.append((255 * x).detach())
            won |= int(z.argmax()) != label
            if step == steps:
                break
            f = z[label] - torch.cat([z[:label], z[label + 1 :]]).max()
            loss = (x - clean / 255).square().sum() + c * f.clamp(min=-kappa)
            adam.zero_grad()
            loss.backward()
            adam.step()
        low, high = (low, min(high, c)) if won else (max(low, c), high)
        c = (low + high) / 2 if high < np.inf else 10 * c
    return seen


@pytest.mark.parametrize('kappa', [0.0, 0.3])
def test_every_iterate_is_that_of_a_plain_version(kappa):
    net, pixels, steps, weights = ConvNet().double().eval(), clips(3), 6, 4
    target = Recording(net)
    target.dtype = torch.float64
    labels = predicted(target, pixels)
    target.seen.clear()
    options = {'steps': steps, 'searches': weights, 'step_size': 0.05, 'weight': 0.05}
    attack = CarliniWagner(threat=L2(7000), refinements=0, confidence=kappa, **options)
    attack(target, pixels, labels)
    fates = set()
    for row in range(3):
        expected = _plain(net, pixels[row], int(labels[row]), steps, weights, kappa)
        for step, x in enumerate(expected):
            seen = target.seen[1 + step][row]
            np.testing.assert_allclose(seen, x, rtol=0, atol=1e-5)
            fates.add(int(net(seen[None]).argmax()) != int(labels[row]))
    assert fates == {True, False}


def test_weights_grow_tenfold_and_are_bisected_for_each_sample():
    needed, seen = [0.3, 0.005, 1e9], []

    class Scripted(CarliniWagner):
        def one_weight(self, search, weight):
            seen.append(weight.tolist())
            return weight >= torch.tensor(needed).to(weight), search.clean

    target, pixels = victim(), clips(3)
    Scripted(weight=0.01, searches=7)(target, pixels, predicted(target, pixels))
    expected = [
        [0.01, 0.1, 1.0, 0.55, 0.325, 0.2125, 0.26875],
        [0.01, 0.005, 0.0025, 0.00375, 0.004375, 0.0046875, 0.00484375],
        [0.01, 0.1, 1.0, 10.0, 100.0, 1e3, 1e4],
    ]
    np.testing.assert_allclose(np.array(seen).T, expected)


@pytest.mark.parametrize('goal', [Misclassify(), TargetClass()])
@pytest.mark.parametrize('rounded', [False, True])
def test_l2_is_the_distance_from_the_border(rounded, goal):
    pixels = clips(3)
    exact = gaps(NET, pixels) / WAY.norm()
    found = smallest(CarliniWagner(threat=L2(1000), goal=goal, **FAST), NET, pixels, rounded)
    assert (found >= exact * (1 - 1e-9)).all()
    assert (found <= exact * 1.03).all()


def test_inside_a_mask_it_is_the_distance_there():
    pixels = clips(3, low=0, high=256)
    threat = FrameMask(PixelMask(L2(4000), box=(1, 2, 6, 9)), frames=[1, 2, 4])
    target = victim()
    attack = CarliniWagner(threat=threat, **FAST)
    for outcome, clean in zip(
        attack(target, pixels, predicted(target, pixels)), pixels, strict=True
    ):
        moved = (outcome.adversarial.double() != clean).any(dim=0)
        assert outcome.success
        assert not moved[[0, 3]].any()
        assert not moved[:, 0].any()


def test_it_agrees_with_fmn_on_a_net():
    net, pixels = ConvNet().double().eval(), clips(3)
    one = smallest(CarliniWagner(threat=L2(2000), **FAST), net, pixels)
    other = smallest(FMN(threat=L2(2000), steps=60), net, pixels)
    torch.testing.assert_close(one, other, rtol=0.06, atol=0)


def test_values_at_their_ends_are_no_change():
    pixels = clips(2)
    pixels[:, 0], pixels[:, 1] = 0.0, 255.0
    net = Linear(random_weights(classes=2), torch.tensor([1e4, 0]).double())
    target = victim(net, rounded=False)
    seen = Recording(net)
    seen.dtype = torch.float64
    labels = predicted(target, pixels)
    seen.seen.clear()
    CarliniWagner(threat=L2(1000), steps=1, searches=1)(seen, pixels, labels)
    torch.testing.assert_close(seen.seen[1], pixels, rtol=0, atol=0)


def test_costs_are_the_steps_of_each_weight():
    target = victim(Linear(random_weights(classes=2), torch.tensor([1e4, 0]).double()))
    attack = CarliniWagner(threat=L2(100), steps=7, searches=3)
    for outcome in attack(target, clips(2), torch.zeros(2).long()):
        assert (outcome.forwards, outcome.backwards) == (3 * 8 + 2, 3 * 7)


def test_a_batch_gets_what_its_clips_get_alone():
    target, pixels = PerClip.of(4), clips(4, seed=5)
    labels = predicted(target, pixels)
    attack = CarliniWagner(threat=L2(300), steps=8, searches=3, step_size=0.05, weight=1.0)
    for row, outcome in enumerate(attack(target, pixels, labels)):
        one = torch.tensor([row])
        (alone,) = attack(target.select(one), pixels[one], labels[one])
        assert torch.equal(alone.adversarial, outcome.adversarial)
        assert (alone.measures, alone.forwards) == (outcome.measures, outcome.forwards)


def test_values_without_bounds_are_refused():
    net = Linear(random_weights())
    target = FunctionVictim(net, bounds=(-torch.inf, torch.inf), dtype=torch.float64)
    with pytest.raises(ValueError, match='victim must be one whose values have bounds for Carlini'):
        CarliniWagner()(target, clips(1), predicted(target, clips(1)))


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'searches': 0}, 'searches must be a whole number >= 1'),
        ({'step_size': 0.0}, 'step_size must be a finite number > 0'),
        ({'weight': -1.0}, 'weight must be a finite number > 0'),
        ({'confidence': -0.1}, 'confidence must be a finite number >= 0'),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        CarliniWagner(**options)
