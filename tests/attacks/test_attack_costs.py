"""Forwards and backwards: counted right, and none wasted."""

import pytest
import torch
from toys import ConvNet, Counting, Linear, Wavy, build, clips, predicted, random_weights

from mmrobust.attacks.fgsm import FGSM
from mmrobust.attacks.mi_fgsm import MIFGSM
from mmrobust.attacks.pgd import PGD
from mmrobust.attacks.random_noise import RandomNoise
from mmrobust.goals import Misclassify
from mmrobust.threats import L2, Linf
from mmrobust.victims import FunctionVictim

pytestmark = pytest.mark.sampled(5)


def _attack(attack, net, n=3, wrong=()):
    """Outcomes for n clips, and what an independent count says of the attack alone."""
    victim, pixels = FunctionVictim(net), clips(n)
    labels = predicted(victim, pixels)
    for row in wrong:
        labels[row] = (labels[row] + 1) % 4
    counting = Counting(victim)
    outcomes = attack(counting, pixels, labels)
    # The harness looks at all clips before, at the attacked ones after, and at the
    # first clean clip again if no search was told how it is answered.
    harness = n + sum(outcome.attacked for outcome in outcomes)
    harness += any(outcome.linf > 0 and not outcome.queries for outcome in outcomes)
    return outcomes, counting.count['forwards'] - harness, counting.count['backwards']


def stubborn(net=Wavy):
    """A net that no attack fools: class 0 is far ahead."""
    return net(random_weights(), torch.tensor([1e4, 0, 0, 0], dtype=torch.float64))


@pytest.mark.parametrize('net', [Wavy(random_weights()), stubborn(), ConvNet().double().eval()])
@pytest.mark.parametrize('options', [{}, {'restarts': 3, 'steps': 3, 'early_stop': True}])
def test_costs_are_what_an_independent_count_says(attack_class, net, options):
    # What an ensemble finds out of itself afterwards is no cost of the attack.
    attack = build(attack_class, Linf(3), checks=False, **options)
    outcomes, forwards, backwards = _attack(attack, net, n=4, wrong=[1])
    assert sum(outcome.forwards for outcome in outcomes) == forwards
    assert sum(outcome.backwards for outcome in outcomes) == backwards
    assert all(outcome.queries == 0 or outcome.backwards == 0 for outcome in outcomes)


def test_misclassified_clips_are_not_attacked(attack_class):
    net = Wavy(random_weights())
    outcomes, forwards, _ = _attack(build(attack_class, Linf(3)), net, wrong=[0, 2])
    assert [outcome.attacked for outcome in outcomes] == [False, True, False]
    assert forwards == outcomes[1].forwards
    for row in (0, 2):
        assert outcomes[row].forwards == outcomes[row].backwards == outcomes[row].queries == 0
        assert not outcomes[row].success
        assert torch.equal(outcomes[row].adversarial.double(), clips(3)[row])
        torch.testing.assert_close(outcomes[row].scores, net(clips(3))[row])


def test_all_misclassified_costs_the_clean_pass_alone(attack_class):
    outcomes, forwards, backwards = _attack(
        build(attack_class, Linf(3)), Wavy(random_weights()), wrong=[0, 1, 2]
    )
    assert forwards == backwards == 0
    assert not any(outcome.attacked or outcome.success for outcome in outcomes)


@pytest.mark.parametrize(
    ('attack', 'forwards', 'backwards'),
    [
        (FGSM(Linf(3)), 1, 1),
        (MIFGSM(Linf(3), steps=7), 7, 7),
        (PGD(Linf(3), steps=6, early_stop=False), 6, 6),
        (PGD(L2(9), steps=6, random_start=False), 6, 6),
        # A restart is compared with the ones before by one more forward.
        (PGD(Linf(3), steps=4, restarts=3, early_stop=False), 15, 12),
        (PGD(Linf(3), steps=4, restarts=3), 15, 12),
    ],
)
def test_exact_costs_where_nothing_succeeds(attack, forwards, backwards):
    outcomes, _, _ = _attack(attack, stubborn())
    for outcome in outcomes:
        assert not outcome.success
        assert (outcome.forwards, outcome.backwards) == (forwards, backwards)


def test_early_stop_costs_a_check_and_nothing_after():
    # Between two classes of a linear net every step of a grey level gains the
    # same: the step that crosses the border is known beforehand.
    net, pixels = Linear(random_weights(classes=2)), clips(6)
    victim = FunctionVictim(net)
    with torch.no_grad():
        scores = net(pixels)
        gain = (net.weights[1] - net.weights[0]).abs().sum()
        needed = ((scores[:, 0] - scores[:, 1]).abs() / gain).ceil().long().tolist()
    assert len(set(needed)) >= 3
    attack = PGD(Linf(20), steps=20, step_size=1, step_unit='pixel', random_start=False)
    for outcome, steps in zip(attack(victim, pixels, scores.argmax(dim=1)), needed, strict=True):
        assert outcome.success
        # One gradient per step, one that sees the success, one check of the rounded clip.
        assert outcome.forwards == steps + 2
        assert outcome.backwards == steps + 1
        assert outcome.linf == steps


def test_early_stop_off_runs_to_the_end():
    pixels = clips(3)
    victim = FunctionVictim(Linear(random_weights()))
    for outcome in PGD(Linf(8), early_stop=False)(victim, pixels, predicted(victim, pixels)):
        assert outcome.success
        assert outcome.forwards == outcome.backwards == 10


def test_a_restart_that_succeeded_is_not_scored_again():
    outcomes, _, _ = _attack(PGD(Linf(8), steps=8, restarts=2), Linear(random_weights()))
    once, _, _ = _attack(PGD(Linf(8), steps=8), Linear(random_weights()))
    finished = [i for i, outcome in enumerate(once) if outcome.forwards > outcome.backwards]
    assert finished
    for i in finished:
        assert outcomes[i].forwards == once[i].forwards


def test_noise_draws_again_for_clips_that_hold():
    outcomes, forwards, _ = _attack(RandomNoise(Linf(3), trials=4), stubborn())
    assert [outcome.forwards for outcome in outcomes] == [3, 3, 3]
    assert not any(outcome.success for outcome in outcomes)
    assert all(outcome.linf == 3 for outcome in outcomes)
    assert forwards == 9


def test_another_victim_is_asked_though_the_attacked_one_is_not_fooled():
    """Each iterate costs a query, and the first that succeeds is the last."""
    weights, pixels = random_weights(), clips(4)
    sure, success_victim = (
        FunctionVictim(Linear(weights, torch.tensor([lead, 0, 0, 0]).double()))
        for lead in (1e3, 4.0)
    )
    labels = torch.zeros(4, dtype=torch.long)
    attack = PGD(Linf(8), Misclassify('margin'), random_start=False, step_size=0.1)
    outcomes = [o for o in attack(sure, pixels, labels, success_on=success_victim) if o.attacked]
    for outcome in outcomes:
        assert outcome.success
        assert 0 < outcome.linf < 8
        assert outcome.queries == outcome.forwards < 10
    assert outcomes
