"""Victims that give NaN, no gradient, or nothing: survived, and said so."""

import pytest
import torch
from toys import CLIP, Wavy, build, clips, predicted, random_weights, sees_labels_alone, suited

from mmrobust.attacks.fgsm import FGSM
from mmrobust.attacks.pgd import PGD
from mmrobust.attacks.query_attack import QueryAttack
from mmrobust.attacks.random_noise import RandomNoise
from mmrobust.goals import Misclassify
from mmrobust.query.black_box import BlackBox
from mmrobust.threats import L2, FrameMask, Linf
from mmrobust.victims import FunctionVictim

pytestmark = pytest.mark.sampled(6)

NET = Wavy(random_weights())


def _is_broken(pixels):
    """Clips whose mean is high: clip 1 of the scene, whatever the batch."""
    return pixels.flatten(1).mean(dim=1) > 140


def _scene():
    pixels = clips(3)
    pixels[1] += 30
    assert _is_broken(pixels).tolist() == [False, True, False]
    return pixels, predicted(FunctionVictim(NET), pixels)


def _nan_scores(pixels):
    broken = _is_broken(pixels)[:, None]
    return torch.where(broken, torch.nan, NET(pixels))


def _nan_scores_off_the_grid(pixels):
    """NaN as soon as a value of the broken clip changes."""
    moved = (pixels != _scene()[0][1]).flatten(1).any(dim=1)
    return torch.where((_is_broken(pixels) & moved)[:, None], torch.nan, NET(pixels))


def _nan_gradient(pixels):
    """Finite scores, NaN gradient: the slope of a norm at zero."""
    nothing = (pixels[:, :, :1] * 0).flatten(1).sum(dim=1)
    return NET(pixels) + torch.where(_is_broken(pixels), nothing, 1.0).sqrt()[:, None]


BALLS = pytest.mark.parametrize('threat', [Linf(4), L2(60)], ids=['linf', 'l2'])


@BALLS
@pytest.mark.parametrize('function', [_nan_scores, _nan_scores_off_the_grid, _nan_gradient])
def test_nan_is_flagged_and_stays_in_its_clip(strong_class, threat, function):
    if sees_labels_alone(strong_class) and function is not _nan_gradient:
        pytest.skip('asks far outside the ball, where each of these clips is broken; see test_rays')
    pixels, labels = _scene()
    threat = suited(strong_class, threat)
    attack = build(strong_class, threat)
    outcomes = attack(FunctionVictim(function), pixels, labels)
    # The same arithmetic for the sound clips, to the last bit.
    sound = (lambda x: NET(x) + 1.0) if function is _nan_gradient else NET
    healthy = attack(FunctionVictim(sound), pixels, labels)
    if function is not _nan_gradient or outcomes[1].backwards:
        assert 'not_finite' in outcomes[1].flags
    assert outcomes[1].attacked == (function is not _nan_scores)
    assert outcomes[1].linf <= 4 or not isinstance(threat, Linf)
    if function is _nan_gradient:
        assert outcomes[1].linf > 0  # the frames with a slope still lead somewhere
    else:
        # Changes without a limit may lead to where the clip is broken no more.
        led_out = not _is_broken(outcomes[1].adversarial[None].double()).any()
        assert not outcomes[1].success or (led_out and threat.counts)
    if function is _nan_scores:
        assert outcomes[1].forwards == 0
        assert torch.equal(outcomes[1].adversarial.double(), pixels[1])
    for row in (0, 2):
        assert outcomes[row].flags == healthy[row].flags == ()
        assert torch.equal(outcomes[row].adversarial, healthy[row].adversarial)


@BALLS
def test_no_gradient_is_flagged(attack_class, threat):
    # Rounding has no slope, as in a victim that quantises its input.
    victim = FunctionVictim(lambda pixels: NET(pixels.round()))
    pixels = clips(3)
    outcomes = build(attack_class, threat)(victim, pixels, predicted(victim, pixels))
    for outcome, clean in zip(outcomes, pixels, strict=True):
        if outcome.backwards and not outcome.success:
            assert 'zero_gradient' in outcome.flags
        assert 'not_finite' not in outcome.flags
        moved = not torch.equal(outcome.adversarial.double(), clean)
        assert ('unchanged' in outcome.flags) == (not moved)


def test_no_gradient_inside_the_mask_is_flagged(attack_class):
    # The victim looks at frame 0 alone, the threat reaches frame 3 alone.
    seen = torch.zeros(CLIP[1], 1, 1, dtype=torch.float64)
    seen[0] = 1
    victim, pixels = FunctionVictim(lambda pixels: NET(pixels * seen)), clips(2)
    attack = build(attack_class, FrameMask(Linf(8), frames=[3]))
    for outcome in attack(victim, pixels, predicted(victim, pixels)):
        assert not outcome.success
        assert 'zero_gradient' in outcome.flags or not outcome.backwards


def test_a_healthy_attack_has_no_flags(attack_class):
    victim, pixels = FunctionVictim(NET), clips(3)
    for outcome in build(attack_class, Linf(4))(victim, pixels, predicted(victim, pixels)):
        assert outcome.flags == ()


def test_a_restart_that_ends_in_nan_does_not_spoil_the_others():
    # NaN wherever the first restart, whose seed is known, ends.
    lead = torch.tensor([1e3, 0, 0, 0], dtype=torch.float64)
    pixels, labels = clips(1), torch.zeros(1, dtype=torch.long)
    sound = FunctionVictim(lambda x: NET(x) + lead)
    attack = PGD(Linf(2), Misclassify('margin'), steps=3, restarts=2, early_stop=False)
    first, calls = [], []

    def poisoned(x):
        calls.append(x)
        # Calls: clean, 3 steps, the comparison of the first restart.
        if len(calls) == 5:
            first.append(x.detach().clone())
        broken = any(torch.equal(x.detach(), spoilt) for spoilt in first)
        return sound(x) * (torch.nan if broken else 1.0)

    (outcome,) = attack(FunctionVictim(poisoned), pixels, labels)
    assert outcome.linf > 0
    assert not torch.equal(outcome.adversarial.double(), first[0][0])
    assert 'unchanged' not in outcome.flags


def test_more_restarts_are_never_worse():
    pixels = clips(4)
    lead = torch.tensor([1e3, 0, 0, 0], dtype=torch.float64)
    victim, labels = FunctionVictim(lambda x: NET(x) + lead), torch.zeros(4, dtype=torch.long)
    margins = []
    for restarts in (1, 2, 5):
        attack = PGD(Linf(4), Misclassify('margin'), steps=2, restarts=restarts)
        scores = torch.stack([outcome.scores for outcome in attack(victim, pixels, labels)])
        margins.append(scores[:, 1:].amax(dim=1) - scores[:, 0])
    assert (margins[1] >= margins[0]).all()
    assert (margins[2] >= margins[1]).all()
    assert (margins[2] > margins[0]).any()


class Moody(FunctionVictim):
    """Answers with some chance in it."""

    def __init__(self, spread):
        super().__init__(NET)
        self.spread, self.stream = spread, torch.Generator().manual_seed(0)

    def __call__(self, pixels):
        outputs = super().__call__(pixels)
        noise = torch.randn(outputs.shape, generator=self.stream).to(outputs)
        return outputs + self.spread * noise


def test_a_victim_that_answers_at_random_is_flagged(attack_class):
    pixels, labels = clips(3), torch.zeros(3, dtype=torch.long)
    attack = build(attack_class, Linf(3), goal=Misclassify(reference='prediction'))
    if issubclass(attack_class, QueryAttack):
        pytest.skip('compares the answers that it was given')
    outcomes = attack(Moody(0.3), pixels, labels)
    assert all('random_outputs' in outcome.flags for outcome in outcomes)
    # What kernels do with a batch of another size is no chance.
    outcomes = attack(Moody(1e-6), pixels, labels)
    assert not any('random_outputs' in outcome.flags for outcome in outcomes)


def test_a_victim_that_charges_is_not_asked_twice():
    pixels = clips(2)
    box = BlackBox(FunctionVictim(NET), budget=2)
    outcomes = RandomNoise(Linf(3))(box, pixels, predicted(FunctionVictim(NET), pixels))
    # The clean pass and the last check.
    assert [box.left(row) for row in range(2)] == [0, 0]
    assert all(outcome.queries == 0 for outcome in outcomes)


@pytest.mark.parametrize('random', [False, True])
def test_one_clip_is_asked_again_for_all_of_a_batch(random):
    calls = []

    class Spy(Moody):
        def __call__(self, pixels):
            calls.append(len(pixels))
            return super().__call__(pixels)

    pixels = clips(4)
    goal = Misclassify(reference='prediction')
    FGSM(Linf(3), goal)(Spy(0.5 * random), pixels, torch.zeros(4, dtype=torch.long))
    assert calls == [4, 4, 4, 1] + [3] * random
