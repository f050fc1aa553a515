"""Attacks that are made to transfer: every iterate against plain re-implementations.

Written from the papers, and slow.
"""

import numpy as np
import pytest
import torch
from toys import PerClip, Wavy, clips, predicted, random_weights
from trajectories import (
    ALPHA,
    EPS,
    SHARED,
    STEPS,
    assert_same,
    assert_seen,
    loss_gradient,
    normalised,
    seen_by,
    stepped,
)

from mmrobust.attacks.emi_fgsm import EMIFGSM
from mmrobust.attacks.mi_fgsm import MIFGSM
from mmrobust.attacks.ni_fgsm import NIFGSM
from mmrobust.attacks.vmi_fgsm import VMIFGSM
from mmrobust.attacks.vni_fgsm import VNIFGSM
from mmrobust.threats import L2, FrameMask, Linf
from mmrobust.victims import FunctionVictim


def _ni_fgsm(net, clean, label, mu):
    """Lin et al. 2020, eq. 6 and 7, with the mean for the sum as in their code."""
    x, g, seen = clean, torch.zeros_like(clean), []
    for _ in range(STEPS):
        ahead = x + ALPHA * mu * g
        seen.append(ahead)
        g = mu * g + normalised(loss_gradient(net, ahead, label))
        x = stepped(x, g, clean)
    return [*seen, x]


@pytest.mark.parametrize('mu', [0.6, 1.0])
def test_ni_fgsm(scene, mu):
    net, pixels, labels, _ = scene
    expected = [_ni_fgsm(net, x, y, mu) for x, y in zip(pixels, labels, strict=True)]
    assert_seen(NIFGSM(Linf(EPS), decay=mu, **SHARED), scene, expected)


def test_the_look_ahead_is_counted_in_grey_levels_or_in_budgets(scene):
    shares = NIFGSM(Linf(EPS), steps=STEPS, step_size=0.2)
    levels = NIFGSM(Linf(EPS), steps=STEPS, step_size=ALPHA, step_unit='pixel')
    for one, other in zip(seen_by(shares, scene)[0], seen_by(levels, scene)[0], strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-8)


def test_without_momentum_there_is_nothing_to_look_ahead_to(scene):
    _, pixels, _, victim = scene
    plain, ahead = (cls(Linf(EPS), decay=0.0, **SHARED) for cls in (MIFGSM, NIFGSM))
    assert_same(ahead, plain, victim, pixels)


def test_a_look_ahead_stays_inside_a_mask_and_within_some_steps_in_l2(scene):
    clean = scene[1]
    for place in seen_by(NIFGSM(FrameMask(Linf(EPS), frames=[1, 3]), **SHARED), scene)[0]:
        assert torch.equal(place[:, :, [0, 2, 4]], clean[:, :, [0, 2, 4]])
    for number, place in enumerate(seen_by(NIFGSM(L2(60), **SHARED), scene)[0]):
        moved = (place - clean).flatten(1).norm(dim=1)
        # Steps of 12; the decaying sum has at most as many terms as steps were taken, each of
        # which is a few times as long as even noise of its mean.
        assert (moved <= 12 * number + 12 * 3 * number).all()


def test_early_stop_looks_at_where_the_samples_stand():
    """Not at the outputs further ahead: a success there is none."""
    victim, pixels = FunctionVictim(Wavy(random_weights())), clips(6)
    labels = predicted(victim, pixels)
    stopped = NIFGSM(Linf(3), early_stop=True, **SHARED)(victim, pixels, labels)
    for row, outcome in enumerate(stopped):
        clip, label = pixels[row : row + 1], labels[row : row + 1]
        needed = next(
            (
                steps
                for steps in range(1, STEPS)
                if NIFGSM(Linf(3), step_size=0.2, steps=steps)(victim, clip, label)[0].success
            ),
            STEPS,
        )
        # Of each step the gradient and a look; none after the last one.
        looks = min(needed + 1, STEPS)
        assert outcome.backwards == looks
        assert outcome.forwards == 2 * looks
    assert len({outcome.backwards for outcome in stopped}) > 1


def _vmi_fgsm(net, clean, label, neighbours, beta, seed, nesterov=False):
    """Wang and He 2021, algorithm 1: g' = mu g + (grad + v) / |grad + v|, mu = 1."""
    generator = torch.Generator().manual_seed(seed)
    x, g, v, seen = clean, torch.zeros_like(clean), torch.zeros_like(clean), []
    for step in range(STEPS):
        place = x + ALPHA * g if nesterov else x
        seen.append(place)
        gradient = loss_gradient(net, place, label)
        g = g + normalised(gradient + v)
        if step < STEPS - 1:
            noise = [torch.rand(x.shape, generator=generator).double() for _ in range(neighbours)]
            around = [x + beta * EPS * (2 * one - 1) for one in noise]
            seen += around
            v = sum(loss_gradient(net, one, label) for one in around) / neighbours - gradient
        x = stepped(x, g, clean)
    return [*seen, x]


@pytest.mark.parametrize(('neighbours', 'beta'), [(1, 0.5), (4, 1.5)])
@pytest.mark.parametrize('cls', [VMIFGSM, VNIFGSM])
def test_vmi_and_vni_fgsm(scene, cls, neighbours, beta):
    net, pixels, labels, _ = scene
    seeds = [5, 6, 7]
    expected = [
        _vmi_fgsm(net, x, y, neighbours, beta, seed, nesterov=cls is VNIFGSM)
        for x, y, seed in zip(pixels, labels, seeds, strict=True)
    ]
    attack = cls(Linf(EPS), neighbours=neighbours, beta=beta, **SHARED)
    assert_seen(attack, scene, expected, seeds)


@pytest.mark.parametrize('neighbours', [1, 3])
def test_neighbours_at_the_very_place_change_nothing(scene, neighbours):
    _, pixels, _, victim = scene
    still = VMIFGSM(Linf(EPS), neighbours=neighbours, beta=0.0, **SHARED)
    assert_same(still, MIFGSM(Linf(EPS), **SHARED), victim, pixels)


def test_neighbours_are_members_of_a_larger_threat(scene):
    clean = scene[1]
    for threat in (L2(60), FrameMask(Linf(EPS), frames=[1, 3])):
        attack = VMIFGSM(threat, neighbours=2, beta=1.5, steps=2)
        _, *around, _ = seen_by(attack, scene)[0]
        assert len(around) == 2
        for place in around:
            distance = threat.distance(place, clean)
            assert (distance <= 1.5 * threat.eps * (1 + 1e-9)).all()
            assert (distance > 0).all()
        assert max(float(threat.distance(place, clean).max()) for place in around) > threat.eps


def test_neighbours_cost_what_they_cost():
    lead = torch.tensor([1e4, 0, 0, 0], dtype=torch.float64)
    victim, pixels = FunctionVictim(Wavy(random_weights(), lead)), clips(2)
    attack = VMIFGSM(Linf(3), steps=4, neighbours=5)
    for outcome in attack(victim, pixels, predicted(victim, pixels)):
        assert outcome.forwards == outcome.backwards == 4 + 3 * 5
    assert VMIFGSM().steps + (VMIFGSM().steps - 1) * VMIFGSM().neighbours == 190


@pytest.mark.parametrize('cls', [NIFGSM, VMIFGSM, VNIFGSM, EMIFGSM])
def test_batch_equals_singles_with_early_stop(cls):
    victim, pixels = PerClip.of(4), clips(4, seed=5)
    labels, attack = predicted(victim, pixels), cls(Linf(2), early_stop=True)
    for row, outcome in enumerate(attack(victim, pixels, labels, seeds=[5, 6, 7, 8])):
        one = torch.tensor([row])
        (alone,) = attack(victim.select(one), pixels[one], labels[one], seeds=[5 + row])
        assert torch.equal(outcome.adversarial, alone.adversarial)
        assert (outcome.forwards, outcome.backwards) == (alone.forwards, alone.backwards)


def _emi_fgsm(net, clean, label, places, radius):
    """Wang et al. 2021, algorithm 1: the mean over x + c * alpha * g, g the last mean gradient."""
    x, g, before, seen = clean, torch.zeros_like(clean), torch.zeros_like(clean), []
    along = np.linspace(-radius, radius, places) if places > 1 else [0.0]
    for _ in range(STEPS):
        around = [x + c * ALPHA * before for c in along]
        seen += around
        mean = sum(loss_gradient(net, one, label) for one in around) / places
        before = normalised(mean)
        g = g + normalised(mean)
        x = stepped(x, g, clean)
    return [*seen, x]


@pytest.mark.parametrize(('places', 'radius'), [(1, 7.0), (4, 7.0), (5, 2.0)])
def test_emi_fgsm(scene, places, radius):
    net, pixels, labels, _ = scene
    expected = [_emi_fgsm(net, x, y, places, radius) for x, y in zip(pixels, labels, strict=True)]
    assert_seen(EMIFGSM(Linf(EPS), places=places, radius=radius, **SHARED), scene, expected)


def test_a_mean_over_the_very_place_changes_nothing(scene):
    _, pixels, _, victim = scene
    for still in ({'places': 3, 'radius': 0.0}, {'places': 1}):
        attack = EMIFGSM(Linf(EPS), **still, **SHARED)
        assert_same(attack, MIFGSM(Linf(EPS), **SHARED), victim, pixels)


def test_emi_looks_along_a_way_that_the_threat_allows(scene):
    attack = EMIFGSM(FrameMask(Linf(EPS), frames=[1, 3]), places=3, steps=2)
    _, _, _, *second = seen_by(attack, scene)[0]
    for place in second[:3:2]:
        changed = (place != second[1]).flatten(3).any(dim=3).any(dim=1)
        assert changed[:, [1, 3]].all()
        assert not changed[:, [0, 2, 4]].any()
