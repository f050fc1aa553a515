"""On a linear victim the best attack is known: a method must reach it exactly.

With two classes every loss is monotone in ``way . pixels``, for a direction
``way`` that the test writes down; the best change inside the ball follows.
"""

import pytest
import torch
from toys import OWN_LOSS, Linear, build, clips, predicted, random_weights

from mmrobust.attacks.gradient_loop import GradientLoop
from mmrobust.goals import Misclassify, TargetClass
from mmrobust.threats import L2, FrameMask, Linf, PixelMask
from mmrobust.victims import FunctionVictim

pytestmark = pytest.mark.sampled(5)

GOALS = [
    goal(loss=loss)
    for goal in (Misclassify, TargetClass)
    for loss in ('cross_entropy', 'margin', 'logit')
]
TO_THE_END = {'early_stop': False, 'random_start': False}


@pytest.fixture(autouse=True)
def _gradient_attacks_only(attack_class):
    if not issubclass(attack_class, GradientLoop) or attack_class.free:
        pytest.skip('promises no optimum')


def _way(net, labels, attack):
    """(N, C, T, H, W): where the attack's objective grows."""
    own, other = net.weights.detach()[labels], net.weights.detach()[1 - labels]
    goal = attack.goal
    if goal.loss != 'logit' or type(attack).__name__ in OWN_LOSS:
        return other - own
    return -own if isinstance(goal, Misclassify) else other


def _gained(attack, net, pixels):
    """way . change per clip, the directions, and the outcomes."""
    victim = FunctionVictim(net)
    labels = predicted(victim, pixels)
    outcomes = attack(victim, pixels, labels)
    assert all(outcome.attacked for outcome in outcomes)
    delta = torch.stack([outcome.adversarial.double() for outcome in outcomes]) - pixels
    way = _way(net, labels, attack).double()
    return (way * delta).flatten(1).sum(dim=1), way, outcomes


def _best_linf(way, pixels, eps):
    room = torch.where(way > 0, 255 - pixels, pixels).clamp(max=eps)
    return (way.abs() * room).flatten(1).sum(dim=1)


@pytest.mark.parametrize('goal', GOALS, ids=lambda goal: f'{type(goal).__name__}-{goal.loss}')
@pytest.mark.parametrize('lead', [0.0, 30.0, 300.0])
def test_linf_optimum(attack_class, goal, lead):
    # A lead of 30 saturates the softmax in float32, one of 300 in float64 too.
    net = Linear(random_weights(classes=2), torch.tensor([lead, 0])).float()
    pixels = clips(3, low=0, high=256)
    attack = build(attack_class, Linf(6), goal=goal, **TO_THE_END)
    gained, way, _ = _gained(attack, net, pixels.float())
    torch.testing.assert_close(gained, _best_linf(way, pixels, 6))


def test_linf_optimum_without_clipping_is_the_dual_norm(attack_class):
    net, pixels = Linear(random_weights(classes=2)), clips(2)
    gained, way, _ = _gained(build(attack_class, Linf(6), **TO_THE_END), net, pixels)
    torch.testing.assert_close(gained, 6 * way.flatten(1).abs().sum(dim=1))


@pytest.mark.parametrize('goal', GOALS, ids=lambda goal: f'{type(goal).__name__}-{goal.loss}')
@pytest.mark.parametrize('lead', [0.0, 300.0])
def test_l2_optimum(attack_class, goal, lead):
    net = Linear(random_weights(classes=2), torch.tensor([lead, 0])).float()
    attack = build(attack_class, L2(300), goal=goal, **TO_THE_END)
    gained, way, _ = _gained(attack, net, clips(3).float())
    best = 300 * way.flatten(1).norm(dim=1)
    # Rounding to grey levels costs a little.
    assert (gained <= best).all()
    assert (gained >= 0.998 * best).all()


@pytest.mark.parametrize('random_start', [True, False])
def test_a_random_start_ends_there_too(attack_class, random_start):
    net, pixels = Linear(random_weights(classes=2)), clips(3, low=0, high=256)
    options = TO_THE_END | {'random_start': random_start}
    gained, way, _ = _gained(build(attack_class, Linf(6), **options), net, pixels)
    torch.testing.assert_close(gained, _best_linf(way, pixels, 6))


def test_masked_l2_spends_its_whole_budget_inside(attack_class):
    net = Linear(random_weights(classes=2))
    threat = FrameMask(PixelMask(L2(200), box=(1, 2, 6, 9)), frames=[1, 2, 4])
    gained, way, _ = _gained(build(attack_class, threat, **TO_THE_END), net, clips(3))
    best = 200 * way[:, :, [1, 2, 4], 1:6, 2:9].flatten(1).norm(dim=1)
    assert (gained <= best).all()
    assert (gained >= 0.995 * best).all()


@pytest.mark.parametrize('threat', [Linf(6), L2(300)], ids=['linf', 'l2'])
@pytest.mark.parametrize('scale', [1e-30, 1e-38])
def test_tiny_gradients_lead_as_far_as_large_ones(attack_class, threat, scale):
    pixels = clips(3).float()
    attack = build(attack_class, threat, **TO_THE_END)
    net = Linear(random_weights(classes=2)).float()
    gained, _, _ = _gained(attack, net, pixels)
    tiny = Linear((random_weights(classes=2) * scale).float())
    tiny_gained, _, outcomes = _gained(attack, tiny, pixels)
    torch.testing.assert_close(tiny_gained / scale, gained, rtol=1e-3, atol=0)
    assert all(outcome.flags == () for outcome in outcomes)
