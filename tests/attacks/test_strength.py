"""Attacks fail silently: every registered one must find what is there to find."""

import pytest
import torch
from toys import (
    ConvNet,
    Linear,
    Wavy,
    build,
    build_thorough,
    clips,
    predicted,
    random_weights,
    sees_labels_alone,
    takes,
)

from mmrobust.functional.losses import margin
from mmrobust.functional.norms import unit_l2
from mmrobust.goals import Misclassify, TargetClass
from mmrobust.threats import L2, Linf
from mmrobust.victims import FunctionVictim

pytestmark = pytest.mark.sampled(6)

BALLS = {'linf': Linf(6), 'l2': L2(150)}


@pytest.fixture(params=BALLS)
def ball(request, strong_class):
    if not takes(strong_class, BALLS[request.param]):
        pytest.skip('refuses this norm; see test_minimal_norm.py')
    return BALLS[request.param]


def _noise(ball, pixels, seed):
    """The strongest noise of the ball's size: signs, or full length."""
    noise = torch.randn(pixels.shape, generator=torch.Generator().manual_seed(seed))
    step = noise.sign() if isinstance(ball, Linf) else unit_l2(noise)
    return (pixels + (ball.eps * step).round().to(pixels)).clamp(0, 255)


@pytest.mark.parametrize(
    ('goal', 'loss'),
    [
        (Misclassify, 'cross_entropy'),
        (Misclassify, 'margin'),
        (Misclassify, 'logit'),
        (TargetClass, 'cross_entropy'),
    ],
)
def test_a_planted_adversarial_example_is_found(strong_class, ball, goal, loss):
    # Class 0 leads by two fifths of what the best attack can gain.
    weights, pixels = random_weights(classes=2), clips(3)
    way = weights[1] - weights[0]
    reach = 6 * way.abs().sum() if isinstance(ball, Linf) else 150 * way.norm()
    with torch.no_grad():
        scores = Linear(weights)(pixels)
    middle = (scores[:, 0] - scores[:, 1])[:, None, None, None, None]
    # Every clip is moved along the way to the same distance from the border.
    pixels = pixels + (middle - 0.4 * reach) / way.square().sum() * way
    pixels = pixels.round()
    victim = FunctionVictim(Linear(weights))
    labels = torch.zeros(3, dtype=torch.long)
    assert torch.equal(predicted(victim, pixels), labels)
    attack = build_thorough(strong_class, ball, goal=goal(loss=loss))
    assert all(outcome.success for outcome in attack(victim, pixels, labels))
    # Too small a budget for anything, however long it is tried.
    weak = build(strong_class, type(ball)(0.35 * ball.eps), goal=goal(loss=loss))
    assert not any(outcome.success for outcome in weak(victim, pixels, labels))


@pytest.mark.parametrize(
    'net',
    [Wavy(random_weights()).float(), ConvNet().eval()],
    ids=['wavy', 'conv'],
)
def test_better_than_noise_of_the_same_size(strong_class, ball, net):
    if sees_labels_alone(strong_class):
        pytest.skip('sees labels alone, and here they never change; see tests/query/test_rays.py')
    # Class 0 is so far ahead that nobody succeeds and stops early.
    victim = FunctionVictim(lambda pixels: net(pixels) + torch.tensor([1e3, 0, 0, 0]))
    pixels, labels = clips(3).float(), torch.zeros(3, dtype=torch.long)
    with torch.no_grad():
        clean = margin(victim(pixels), labels)
        draws = [margin(victim(_noise(ball, pixels, seed)), labels) for seed in range(4)]
    outcomes = build_thorough(strong_class, ball)(victim, pixels, labels)
    attacked = margin(torch.stack([outcome.scores for outcome in outcomes]), labels)
    assert not any(outcome.success for outcome in outcomes)
    gain, noise_gain = attacked - clean, torch.stack(draws).mean(dim=0) - clean
    assert (gain > 0).all()
    assert gain.mean() > 3 * noise_gain.abs().mean()


@pytest.mark.parametrize('loss', ['cross_entropy', 'margin'])
def test_more_budget_more_success(strong_class, loss):
    victim, pixels = FunctionVictim(ConvNet().eval()), clips(4).float()
    labels = predicted(victim, pixels)
    rates = []
    for eps in (1, 8, 48):
        outcomes = build_thorough(strong_class, Linf(eps), goal=Misclassify(loss=loss))(
            victim, pixels, labels
        )
        rates.append(sum(outcome.success for outcome in outcomes))
    assert rates == sorted(rates)
    assert rates[0] < rates[-1] == 4
