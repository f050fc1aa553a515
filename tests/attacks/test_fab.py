"""FAB-T: every iterate against a plain one-clip version, and what it finds in three norms."""

import numpy as np
import pytest
import torch
from borders import WAY, gaps, leads, smallest, victim
from toys import ConvNet, Linear, PerClip, Recording, clips, predicted, random_weights

from mmrobust.attacks.fab import FAB
from mmrobust.attacks.fmn import FMN
from mmrobust.goals import CorruptPose, Misclassify, TargetClass
from mmrobust.threats import L1, L2, FrameMask, Linf
from mmrobust.victims import FunctionVictim

ORDERS = {L1: 1, L2: 2, Linf: np.inf}


def _project(normal, gain, point, order):
    """The shortest way onto the hyperplane in the box, by bisection (l_1: in order)."""
    sign = np.sign(normal) * np.sign(gain)
    room = np.where(sign > 0, 255 - point, point) * (sign != 0)
    size, gain = np.abs(normal), abs(gain)
    if order == 1:
        taken = np.zeros_like(size)
        for place in np.argsort(-size, kind='stable'):
            taken[place] = min(room[place], max(gain, 0) / size[place])
            gain -= taken[place] * size[place]
        return sign * taken
    shape = size if order == 2 else (size > 0).astype(float)
    low, high = 0.0, 1e9
    for _ in range(200):
        middle = (low + high) / 2
        short = (size * np.minimum(middle * shape, room)).sum() < gain
        low, high = (middle, high) if short else (low, middle)
    return sign * np.minimum(high * shape, room)


def _plain(net, clean, label, target, steps, order):
    """Croce and Hein's steps for one clip and one class; a step back takes a turn of its own."""
    x0 = clean.flatten().numpy()
    x, seen = x0, []
    for _ in range(steps):
        leaf = torch.tensor(x).reshape(clean.shape).requires_grad_()
        z = net(leaf[None])[0]
        seen.append(x)
        if int(z.argmax()) != label:
            x = x0 + 0.9 * (x - x0)
            continue
        f = z[target] - z[label]
        w = torch.autograd.grad(f, leaf)[0].flatten().numpy()
        unit = w / np.linalg.norm(w)
        far = abs(float(f.detach())) / np.linalg.norm(w) + 1e-4 * 255
        here = _project(unit, far, x, order)
        home = _project(unit, far + unit @ (x - x0), x0, order)
        near, away = (np.linalg.norm(way, ord=order) for way in (here, home))
        alpha = min(near / (near + away), 0.1)
        x = np.clip((1 - alpha) * (x + 1.05 * here) + alpha * (x0 + 1.05 * home), 0, 255)
    return [*seen, x]


@pytest.mark.parametrize('ball', [L1, L2, Linf])
def test_every_iterate_is_that_of_a_plain_version(ball):
    net, pixels, steps = ConvNet().double().eval(), clips(3, low=0, high=256), 6
    pixels[1] = 254  # where the box is near
    target = Recording(net)
    target.dtype = torch.float64
    labels = predicted(target, pixels)
    with torch.no_grad():
        second = net(pixels).topk(2, dim=1).indices[:, 1]
    target.seen.clear()
    cap = {L1: 1e5, L2: 5000, Linf: 200}[ball]
    FAB(threat=ball(cap), steps=steps, targets=1, refinements=0)(target, pixels, labels)
    crossed = 0
    for row in range(3):
        expected = _plain(net, pixels[row], int(labels[row]), int(second[row]), steps, ORDERS[ball])
        for step, x in enumerate(expected):
            seen = target.seen[1 + step][row].flatten().numpy()
            np.testing.assert_allclose(seen, x, rtol=0, atol=1e-6)
            crossed += int(net(target.seen[1 + step][row][None]).argmax() != labels[row])
    # Else neither steps back nor steps on would have been looked at.
    assert 3 <= crossed <= 3 * steps - 6


@pytest.mark.parametrize('rounded', [False, True])
@pytest.mark.parametrize(('cls', 'excess'), [(FAB, 0.01), (FMN, 0.03)])
def test_l1_is_the_distance_from_the_border(rounded, cls, excess):
    pixels = clips(4, low=0, high=256)
    with torch.no_grad():
        net = Linear(random_weights(classes=2), leads(pixels) + torch.tensor([1.0, 0]))
    exact = []
    for clean, gap in zip(pixels, gaps(net, pixels), strict=True):
        # Value after value to its end, the best first.
        room = torch.where(WAY > 0, 255 - clean, clean).flatten()
        order = WAY.abs().flatten().argsort(descending=True)
        left, total = float(gap), 0.0
        for place in order.tolist():
            taken = min(float(room[place]), left / float(WAY.flatten()[place].abs()))
            left, total = left - taken * float(WAY.flatten()[place].abs()), total + taken
        exact.append(total)
    exact = torch.tensor(exact).double()
    found = smallest(cls(threat=L1(50000)), net, pixels, rounded)
    assert (found >= exact * (1 - 1e-9)).all()
    assert (found <= exact * (1 + excess) + (1 if rounded else 0)).all(), found / exact


@pytest.mark.parametrize('threat', [L2(2000), Linf(32), L1(50000)])
def test_fab_and_fmn_agree_on_a_net(threat):
    net, pixels = ConvNet().double().eval(), clips(3)
    one, other = (
        smallest(cls(threat=threat, steps=60), net, pixels, rounded=False) for cls in (FAB, FMN)
    )
    torch.testing.assert_close(one, other, rtol=0.06, atol=0)


@pytest.mark.parametrize(('classes', 'targets', 'runs'), [(2, 9, 1), (4, 9, 3), (4, 2, 2)])
def test_costs_are_those_of_each_target(classes, targets, runs):
    # Nobody wins: class 0 is far ahead.
    bias = torch.eye(classes)[0].double() * 1e4
    target = victim(Linear(random_weights(classes), bias))
    attack = FAB(threat=Linf(8), steps=7, targets=targets)
    for outcome in attack(target, clips(2), torch.zeros(2).long()):
        assert (outcome.forwards, outcome.backwards) == (9 * runs, 7 * runs)


def test_only_the_target_that_can_be_reached_is_found():
    # Class 1 comes second everywhere and never wins; class 2 wins a little way off.
    class Trap(Linear):
        def forward(self, pixels):
            first, other = super().forward(pixels).unbind(dim=1)
            last = pixels[:, :, 4].flatten(1).mean(dim=1) / 255
            near = torch.tanh(last) - 1.2
            return torch.stack([torch.zeros_like(near), near, other - first], dim=1)

    pixels = clips(3)
    net = Trap(random_weights(classes=2), leads(pixels) + torch.tensor([1.0, 0]))
    labels = torch.zeros(3, dtype=torch.long)
    one, two = (FAB(threat=Linf(16), targets=n)(victim(net), pixels, labels) for n in (1, 2))
    assert not any(outcome.success for outcome in one)
    assert all(outcome.success for outcome in two)


@pytest.mark.parametrize('threat', [L1(900), L2(60), Linf(2), FrameMask(L1(2000), [1, 3])])
@pytest.mark.parametrize('goal', [Misclassify(), TargetClass()])
def test_a_batch_gets_what_its_clips_get_alone(threat, goal):
    target, pixels = PerClip.of(4), clips(4, seed=5)
    labels = predicted(target, pixels)
    attack = FAB(threat=threat, goal=goal, steps=8)
    together = attack(target, pixels, labels)
    for row, outcome in enumerate(together):
        one = torch.tensor([row])
        (alone,) = attack(target.select(one), pixels[one], labels[one])
        assert torch.equal(alone.adversarial, outcome.adversarial)
        assert (alone.measures, alone.forwards) == (outcome.measures, outcome.forwards)


def test_what_was_found_outside_the_budget_is_brought_inside():
    target, pixels = FunctionVictim(ConvNet().eval()), clips(3).float()
    labels = predicted(target, pixels)
    for outcome in FAB(threat=Linf(1), steps=20)(target, pixels, labels):
        assert outcome.linf == 1
        assert outcome.success == ('eps_star' in outcome.measures)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'targets': 0}, 'targets must be a whole number >= 1'),
        ({'overshoot': -0.1}, 'overshoot must be a finite number >= 0'),
        ({'bias': 1.5}, r'bias must be a number in \[0, 1\]'),
        ({'retreat': 1.0}, r'retreat must be a number in \(0, 1\)'),
        ({'goal': CorruptPose()}, 'goal must be one of classes .* for FAB, got CorruptPose'),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        FAB(**options)
