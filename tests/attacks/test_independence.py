"""Every clip gets what it would get alone, whatever stands beside it."""

import inspect

import pytest
import torch
from toys import PerClip, Wavy, build, build_thorough, clips, predicted, random_weights

from mmrobust.goals import LeastLikely, TargetClass
from mmrobust.threats import L2, FrameMask, Linf
from mmrobust.victims import FunctionVictim

pytestmark = pytest.mark.sampled(8)

THREATS = {'linf': Linf(2), 'l2': L2(60), 'frames': FrameMask(Linf(4), frames=(1, 2, 4))}
SEEDS = [17, 3, 99, 1234, 5, 8]


def _outcome_fields(outcome):
    fields = dict(vars(outcome))
    del fields['timing']
    return fields.pop('adversarial'), fields.pop('scores'), fields


def _assert_same(one, other):
    pixels, scores, fields = _outcome_fields(one)
    other_pixels, other_scores, other_fields = _outcome_fields(other)
    assert torch.equal(pixels, other_pixels)
    assert torch.equal(scores, other_scores)
    assert fields == other_fields


def _batch(n):
    """A victim bound to n clips; the clip before the last carries a wrong label."""
    victim, pixels = PerClip.of(n), clips(n, seed=5)
    labels = predicted(victim, pixels)
    labels[-2] = (labels[-2] + 1) % 4
    return victim, pixels, labels


@pytest.mark.parametrize('threat', THREATS.values(), ids=THREATS)
@pytest.mark.parametrize('n', [3, 6])
@pytest.mark.parametrize(
    'options',
    [
        {},
        {'goal': TargetClass(loss='margin'), 'early_stop': True},
        {'goal': LeastLikely(loss='logit'), 'restarts': 2, 'steps': 4},
    ],
    ids=['usual', 'targeted', 'restarts'],
)
def test_batch_equals_singles(attack_class, threat, n, options):
    attack = build(attack_class, threat, **options)
    victim, pixels, labels = _batch(n)
    together = attack(victim, pixels, labels, seeds=SEEDS[:n])
    assert [outcome.attacked for outcome in together] == [i != n - 2 for i in range(n)]
    for i, outcome in enumerate(together):
        row = torch.tensor([i])
        (alone,) = attack(victim.select(row), pixels[row], labels[row], seeds=[SEEDS[i]])
        _assert_same(outcome, alone)


def test_order_of_the_clips_does_not_matter(attack_class):
    attack = build(attack_class, Linf(2))
    victim, pixels, labels = _batch(6)
    straight = attack(victim, pixels, labels, seeds=SEEDS)
    order = torch.tensor([3, 5, 0, 4, 2, 1])
    seeds = [SEEDS[i] for i in order]
    mixed = attack(victim.select(order), pixels[order], labels[order], seeds=seeds)
    for i, outcome in zip(order.tolist(), mixed, strict=True):
        _assert_same(straight[i], outcome)


def test_the_clips_above_differ_in_what_they_need(strong_class):
    # Else the tests above would hold for an attack that mixes its clips up.
    victim, pixels, labels = _batch(6)
    attack = build_thorough(strong_class, Linf(2), early_stop=True)
    outcomes = attack(victim, pixels, labels, seeds=SEEDS)
    assert {outcome.success for outcome in outcomes} == {True, False}
    if 'early_stop' in inspect.signature(strong_class).parameters:
        assert len({outcome.forwards for outcome in outcomes}) >= 3


@pytest.mark.parametrize('threat', [Linf(3), L2(60)], ids=['linf', 'l2'])
def test_seeds_decide(attack_class, threat):
    victim = FunctionVictim(Wavy(random_weights()))
    pixels = clips(3)
    labels = predicted(victim, pixels)

    def pixels_with(seeds, **options):
        outcomes = build(attack_class, threat, **options)(victim, pixels, labels, seeds=seeds)
        return torch.stack([outcome.adversarial for outcome in outcomes])

    once = pixels_with([1, 2, 3])
    torch.manual_seed(123)  # the global generator is not theirs
    assert torch.equal(once, pixels_with([1, 2, 3]))
    assert torch.equal(pixels_with(None), pixels_with([0, 1, 2]))
    if 'random_start' in inspect.signature(attack_class).parameters:
        other = pixels_with([4, 2, 3], random_start=True)
        random = pixels_with([1, 2, 3], random_start=True)
        assert not torch.equal(other[0], random[0])
        assert torch.equal(other[1:], random[1:])


def test_equal_clips_get_random_starts_of_their_own(attack_class):
    if 'random_start' not in inspect.signature(attack_class).parameters:
        pytest.skip('not random')
    victim = FunctionVictim(Wavy(random_weights()))
    pixels = clips(1).expand(2, -1, -1, -1, -1)
    attack = build(attack_class, Linf(3), random_start=True, steps=2)
    one, other = attack(victim, pixels, predicted(victim, pixels))
    assert not torch.equal(one.adversarial, other.adversarial)


def test_global_random_state_is_left_alone(attack_class):
    victim = FunctionVictim(Wavy(random_weights()))
    before = torch.get_rng_state()
    build(attack_class, Linf(3))(victim, clips(2), predicted(victim, clips(2)))
    assert torch.equal(before, torch.get_rng_state())
