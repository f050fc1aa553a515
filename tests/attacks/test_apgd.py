"""APGD against one clip at a time, written from the paper; its halving, its targets."""

import math

import pytest
import torch
from torch import nn
from toys import CLIP, ConvNet, Linear, Recording, build, clips, predicted, random_weights

from mmrobust.attacks.apgd import APGD
from mmrobust.attacks.apgd_schedules import check_points
from mmrobust.attacks.apgd_targeted import APGDT
from mmrobust.attacks.pgd import PGD
from mmrobust.goals import Misclassify, TargetClass
from mmrobust.threats import L2, Linf
from mmrobust.victims import FunctionVictim

EPS, N = 6.0, 3


def _project(x, clean, norm):
    delta = x - clean
    if norm == 'linf':
        delta = delta.clamp(-EPS, EPS)
    else:
        delta = delta * min(1.0, EPS / float(delta.square().sum().sqrt().clamp(min=1e-30)))
    return (clean + delta).clamp(0, 255)


def _apgd(objective, clean, start, steps, norm):
    """Croce and Hein 2020, algorithm 1, for one clip; every iterate, and the best of them."""

    def look(x):
        x = x.clone().requires_grad_()
        value = objective(x)
        gradient = torch.autograd.grad(value, x)[0]
        if norm == 'linf':
            return float(value.detach()), gradient.sign()
        return float(value.detach()), gradient / gradient.square().sum().sqrt()

    shares = [0.0, 0.22]
    while shares[-1] < 1:
        shares.append(shares[-1] + max(shares[-1] - shares[-2] - 0.03, 0.06))
    w = [math.ceil(round(p * steps, 6)) for p in shares if p <= 1]
    eta, x, before, seen, values = 2 * EPS, start, start, [], []
    best, best_value, best_way = start, -math.inf, None
    last_eta, last_best = None, None
    for k in range(steps):
        value, way = look(x)
        seen.append(x)
        values.append(value)
        if value >= best_value:
            best, best_value, best_way = x, value, way
        if k in w[1:]:
            since = w[w.index(k) - 1]
            rises = sum(values[i + 1] > values[i] for i in range(since, k))
            few = rises < 0.75 * (k - since)
            stuck = last_eta == eta and last_best == best_value
            last_eta, last_best = eta, best_value
            if few or stuck:
                eta, x, way = eta / 2, best, best_way
        there = _project(x + eta * way, clean, norm)
        a = 0.75 if k else 1.0
        x, before = _project(x + a * (there - x) + (1 - a) * (x - before), clean, norm), x
    value, _ = look(x)
    seen.append(x)
    values.append(value)
    return seen, values, eta


@pytest.mark.parametrize('norm', ['linf', 'l2'])
@pytest.mark.parametrize('loss', ['cross_entropy', 'dlr'])
def test_iterates_are_those_of_the_paper(norm, loss):
    net, pixels = ConvNet(seed=3).double().eval(), clips(N, low=0, high=256)
    victim = Recording(net)
    labels = predicted(victim, pixels)
    victim.seen.clear()
    threat = Linf(EPS) if norm == 'linf' else L2(EPS)
    goal, steps = Misclassify(loss=loss), 12
    outcomes = APGD(threat, goal, steps=steps, random_start=False, early_stop=False)(
        victim, pixels, labels
    )
    expected = []
    for x, y in zip(pixels, labels, strict=True):

        def objective(clip, y=y):
            scores = net(clip[None])[0]
            if loss == 'cross_entropy':
                return nn.functional.cross_entropy(scores[None], y[None])
            order = scores.sort(descending=True).values
            others = torch.cat([scores[:y], scores[y + 1 :]])
            return -(scores[y] - others.max()) / (order[0] - order[2])

        expected.append(_apgd(objective, x, x, steps, norm))
    # Clean clips, the iterates, the last of them, the rounded result, a clean clip again.
    iterates = victim.seen[1:-2]
    assert len(iterates) == steps + 1
    for step, iterate in enumerate(iterates):
        reference = torch.stack([seen[step] for seen, _, _ in expected])
        torch.testing.assert_close(iterate, reference, rtol=0, atol=1e-8)
    for row, (outcome, (seen, values, _)) in enumerate(zip(outcomes, expected, strict=True)):
        clean, label = pixels[row], labels[row]
        with torch.no_grad():
            wins = [bool(net(x[None])[0].argmax() != label) for x in seen]
        _, _, best = max(zip(wins, values, range(steps + 1), strict=True))
        if norm == 'linf':
            assert torch.equal(outcome.adversarial.double(), clean + (seen[best] - clean).round())
        assert outcome.success == any(wins)
    # Else the parity above would hold for steps that are never halved.
    assert any(eta < 2 * EPS for _, _, eta in expected)


def test_check_points_are_those_of_the_paper():
    assert check_points(100) == [22, 41, 57, 70, 80, 87, 93, 99]
    assert check_points(50) == [11, 21, 29, 35, 40, 44, 47, 50]
    assert check_points(20)[:5] == [5, 9, 12, 14, 16]
    assert check_points(1) == [1]


class Valley(nn.Module):
    """A narrow winding valley: steps that stay long jump from side to side for ever."""

    def forward(self, pixels):
        delta = (pixels - 128).flatten(1)
        across = delta[:, 1::2]
        along = delta[:, ::2].mean(dim=1)
        # Class 1 wins far along the valley, and only near its bottom.
        lead = along - 5.0 - 2.0 * across.abs().mean(dim=1)
        return torch.stack([torch.zeros_like(lead), lead], dim=1)


def test_halving_wins_where_steps_of_twice_the_budget_jump_to_and_fro():
    victim = FunctionVictim(Valley())
    pixels, labels = torch.full((2, *CLIP), 128.0), torch.zeros(2, dtype=torch.long)
    goal = Misclassify(loss='margin')
    long = PGD(Linf(6), goal, steps=100, step_size=2.0)(victim, pixels, labels)
    auto = APGD(Linf(6), goal, steps=100)(victim, pixels, labels)
    assert not any(outcome.success for outcome in long)
    assert all(outcome.success for outcome in auto)


class Trap(nn.Module):
    """Class 1 is near and out of reach; class 3 starts far behind and can be reached."""

    def forward(self, pixels):
        first, second = (pixels - 128).flatten(2).mean(dim=2)[:, :2].T
        nothing = torch.zeros_like(first)
        # Towards class 1 is away from class 3.
        one = -0.5 + 0.05 * first
        three = -3.0 - 0.6 * first + 0.1 * second
        return torch.stack([nothing, one, nothing - 9, three], dim=1)


def test_targets_find_what_the_nearest_class_hides():
    victim = FunctionVictim(Trap())
    pixels, labels = torch.full((2, *CLIP), 128.0), torch.zeros(2, dtype=torch.long)
    options = {'steps': 20, 'random_start': False}
    plain = APGD(Linf(6), Misclassify(loss='margin'), **options)(victim, pixels, labels)
    assert not any(outcome.success for outcome in plain)
    found = APGDT(Linf(6), **options)(victim, pixels, labels)
    assert all(outcome.success for outcome in found)
    assert all(int(outcome.scores.argmax()) == 3 for outcome in found)
    few = APGDT(Linf(6), targets=1, **options)(victim, pixels, labels)
    assert not any(outcome.success for outcome in few)


@pytest.mark.parametrize('classes', [2, 3, 4, 12])
def test_any_number_of_classes_has_targets(classes):
    victim = FunctionVictim(Linear(random_weights(classes)))
    pixels = clips(2)
    labels = predicted(victim, pixels)
    outcomes = APGDT(Linf(0.0), steps=2)(victim, pixels, labels)
    # Two gradients and a last look for each target, and a verdict after each.
    targets = min(9, classes - 1)
    assert {outcome.backwards for outcome in outcomes} == {2 * targets}
    assert {outcome.forwards for outcome in outcomes} == {4 * targets}
    strong = APGDT(Linf(60), steps=10)(victim, pixels, labels)
    assert all(outcome.success for outcome in strong)


def test_a_goal_with_a_target_has_that_alone():
    victim = FunctionVictim(Linear(random_weights()))
    pixels = clips(2)
    labels = predicted(victim, pixels)
    outcomes = APGDT(Linf(0.0), TargetClass(), steps=2)(victim, pixels, labels)
    assert {outcome.backwards for outcome in outcomes} == {2}
    strong = APGDT(Linf(60), TargetClass(), steps=20)(victim, pixels, labels)
    assert [int(one.scores.argmax()) for one in strong] == ((labels + 1) % 4).tolist()


def test_a_goal_without_candidates_is_refused():
    class Loner(Misclassify):
        def candidates(self, outputs, facts, count):
            return ()

    victim = FunctionVictim(Linear(random_weights()))
    pixels = clips(1)
    with pytest.raises(ValueError, match='goal must be one that knows likely wrong answers'):
        APGDT(Linf(8), Loner())(victim, pixels, predicted(victim, pixels))


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'momentum': 0.0}, 'momentum must be a number in'),
        ({'momentum': 1.5}, 'momentum must be a number in'),
        ({'rising': -0.1}, 'rising must be a number in'),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        APGD(**options)


@pytest.mark.parametrize('early_stop', [True, False])
def test_a_winner_on_the_way_is_kept(early_stop):
    class Gone(nn.Module):
        """Class 1 wins in a thin shell that longer steps leave behind."""

        def forward(self, pixels):
            moved = (pixels - 128).flatten(1).mean(dim=1)
            lead = 0.5 - (moved - 2.0).abs()
            return torch.stack([torch.zeros_like(lead), lead], dim=1)

    victim = FunctionVictim(Gone())
    pixels, labels = torch.full((1, *CLIP), 128.0), torch.zeros(1, dtype=torch.long)
    attack = build(
        APGD,
        Linf(8),
        goal=Misclassify(loss='margin'),
        steps=40,
        random_start=False,
        early_stop=early_stop,
    )
    (outcome,) = attack(victim, pixels, labels)
    assert outcome.success
