"""Attacks that are made to transfer: every iterate against plain re-implementations.

One clip at a time, so that nothing can mix clips; written from the papers, and slow.
"""

import math

import numpy as np
import pytest
import torch
from scipy.stats import norm
from toys import ConvNet, PerClip, Recording, Wavy, clips, predicted, random_weights

from mmrobust.attacks.mi_fgsm import MIFGSM
from mmrobust.attacks.ni_fgsm import NIFGSM
from mmrobust.attacks.vmi_fgsm import VMIFGSM
from mmrobust.functional.randomness import SampleRandom
from mmrobust.input_transforms import DI, SI, TI, TT
from mmrobust.threats import L2, FrameMask, Linf
from mmrobust.victims import FunctionVictim

EPS, STEPS = 6.0, 5
ALPHA = 0.2 * EPS
N = 3  # equals C: norms and momenta over the wrong axes would still broadcast
SHARED = {'steps': STEPS, 'step_size': 0.2}


def _loss_gradient(net, x, label):
    """Gradient of J(x, y) = -log p_y at one clip (C, T, H, W)."""
    x = x.detach().clone().requires_grad_()
    loss = torch.nn.functional.cross_entropy(net(x[None]), label[None])
    return torch.autograd.grad(loss, x)[0]


def _normalised(gradient):
    return gradient / gradient.abs().mean()


def _stepped(x, g, clean):
    return (clean + (x + ALPHA * g.sign() - clean).clamp(-EPS, EPS)).clamp(0, 255)


@pytest.fixture
def scene():
    """A net, clips of the full range, labels, and a victim that remembers."""
    net, pixels = ConvNet(seed=3).double().eval(), clips(N, low=0, high=256)
    victim = Recording(net)
    labels = predicted(victim, pixels)
    victim.seen.clear()
    return net, pixels, labels, victim


def _seen(attack, scene, seeds=None):
    """What the victim saw between the clean clips and the looks at the result; the outcomes."""
    _, pixels, labels, victim = scene
    victim.seen.clear()
    outcomes = attack(victim, pixels, labels, seeds=seeds)
    return victim.seen[1:-2], outcomes


def _assert_seen(attack, scene, expected, seeds=None):
    """``expected``: per clip, the places that the gradient is taken at, then the last iterate."""
    seen, outcomes = _seen(attack, scene, seeds)
    assert len(seen) == len(expected[0]) - 1
    for step, places in enumerate(seen):
        reference = torch.stack([own[step] for own in expected])
        torch.testing.assert_close(places, reference, rtol=0, atol=1e-8)
    for outcome, own, clean in zip(outcomes, expected, scene[1], strict=True):
        assert torch.equal(outcome.adversarial.double(), clean + (own[-1] - clean).round())


def _assert_same(one, other, victim, pixels):
    labels = predicted(victim, pixels)
    pairs = zip(one(victim, pixels, labels), other(victim, pixels, labels), strict=True)
    for found, wanted in pairs:
        assert torch.equal(found.adversarial, wanted.adversarial)


def _ni_fgsm(net, clean, label, mu):
    """Lin et al. 2020, eq. 6 and 7, with the mean for the sum as in their code."""
    x, g, seen = clean, torch.zeros_like(clean), []
    for _ in range(STEPS):
        ahead = x + ALPHA * mu * g
        seen.append(ahead)
        g = mu * g + _normalised(_loss_gradient(net, ahead, label))
        x = _stepped(x, g, clean)
    return [*seen, x]


@pytest.mark.parametrize('mu', [0.6, 1.0])
def test_ni_fgsm(scene, mu):
    net, pixels, labels, _ = scene
    expected = [_ni_fgsm(net, x, y, mu) for x, y in zip(pixels, labels, strict=True)]
    _assert_seen(NIFGSM(Linf(EPS), decay=mu, **SHARED), scene, expected)


def test_the_look_ahead_is_counted_in_grey_levels_or_in_budgets(scene):
    shares = NIFGSM(Linf(EPS), steps=STEPS, step_size=0.2)
    levels = NIFGSM(Linf(EPS), steps=STEPS, step_size=ALPHA, step_unit='pixel')
    for one, other in zip(_seen(shares, scene)[0], _seen(levels, scene)[0], strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-8)


def test_without_momentum_there_is_nothing_to_look_ahead_to(scene):
    _, pixels, _, victim = scene
    plain, ahead = (cls(Linf(EPS), decay=0.0, **SHARED) for cls in (MIFGSM, NIFGSM))
    _assert_same(ahead, plain, victim, pixels)


def test_a_look_ahead_stays_inside_a_mask_and_within_some_steps_in_l2(scene):
    clean = scene[1]
    for place in _seen(NIFGSM(FrameMask(Linf(EPS), frames=[1, 3]), **SHARED), scene)[0]:
        assert torch.equal(place[:, :, [0, 2, 4]], clean[:, :, [0, 2, 4]])
    for number, place in enumerate(_seen(NIFGSM(L2(60), **SHARED), scene)[0]):
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


def _transformed(scene, transforms, gradient, seeds=(5, 6, 7)):
    """MI-FGSM with transforms against steps along ``gradient(net, x, label, generator)``."""
    net, pixels, labels, _ = scene
    expected = []
    for clean, label, seed in zip(pixels, labels, seeds, strict=True):
        generator = torch.Generator().manual_seed(seed)
        x, g, iterates = clean, torch.zeros_like(clean), []
        for _ in range(STEPS):
            iterates.append(x)
            g = g + _normalised(gradient(net, x, label, generator))
            x = _stepped(x, g, clean)
        expected.append([*iterates, x])
    attack = MIFGSM(Linf(EPS), transforms=transforms, **SHARED)
    copies = math.prod(len(transform.weights()) for transform in transforms)
    seen, outcomes = _seen(attack, scene, seeds)
    assert len(seen) == copies * STEPS
    for outcome, own, clean in zip(outcomes, expected, pixels, strict=True):
        assert torch.equal(outcome.adversarial.double(), clean + (own[-1] - clean).round())
    return seen, expected


@pytest.mark.parametrize(('size', 'nsigma', 'frames'), [(5, 3.0, 1), (15, 3.0, 1), (3, 1.5, 3)])
def test_ti(scene, size, nsigma, frames):
    """Dong et al. 2019, eq. 7 and 9: the gradient convolved with a Gaussian, depthwise."""
    sides = [
        torch.tensor(norm.pdf(np.linspace(-nsigma, nsigma, length)))
        for length in (frames, size, size)
    ]
    kernel = sides[0][:, None, None] * sides[1][:, None] * sides[2]
    kernel = (kernel / kernel.sum()).expand(3, 1, -1, -1, -1)

    def gradient(net, x, label, generator):
        found = _loss_gradient(net, x, label)[None]
        padding = (frames // 2, size // 2, size // 2)
        return torch.nn.functional.conv3d(found, kernel, padding=padding, groups=3)[0]

    transform = TI(size=size, nsigma=nsigma, frames=frames)
    seen, expected = _transformed(scene, [transform], gradient)
    for step, places in enumerate(seen):
        reference = torch.stack([own[step] for own in expected])
        torch.testing.assert_close(places, reference, rtol=0, atol=1e-8)


def test_a_kernel_of_one_pixel_smooths_nothing(scene):
    _, pixels, _, victim = scene
    for cls in (MIFGSM, NIFGSM):
        sharp = cls(Linf(EPS), transforms=[TI(size=1)], **SHARED)
        _assert_same(sharp, cls(Linf(EPS), **SHARED), victim, pixels)


def _diverse(x, generator, probability, level, sides):
    """Xie et al. 2019, section 3.3, of one clip (C, T, H, W): resize, pad, resize back."""
    chance, size, top, left = torch.rand(4, generator=generator).tolist()
    if chance >= probability:
        return x
    (height, tall), (width, wide) = zip(x.shape[-2:], sides, strict=True)
    grown = height + int(size * (tall - height)), width + int(size * (wide - width))
    frames = x.transpose(0, 1)
    large = torch.nn.functional.interpolate(frames, size=grown, mode='bilinear')
    above, before = int(top * (tall - grown[0] + 1)), int(left * (wide - grown[1] + 1))
    padded = torch.full((*frames.shape[:2], tall, wide), level, dtype=x.dtype)
    padded[..., above : above + grown[0], before : before + grown[1]] = large
    small = torch.nn.functional.interpolate(padded, size=(height, width), mode='bilinear')
    return small.transpose(0, 1)


@pytest.mark.parametrize(
    ('options', 'probability', 'level', 'sides'),
    [
        ({}, 0.5, 0.0, (8, 10)),
        ({'probability': 1.0, 'enlarge': 1.6}, 1.0, 0.0, (11, 14)),
        ({'probability': 0.8, 'enlarge': 2, 'padding': 'grey'}, 0.8, 127.5, (14, 18)),
    ],
)
def test_di(scene, options, probability, level, sides):
    """Sides of 7 and 9 pixels, padded to ``sides``."""

    def gradient(net, x, label, generator):
        x = x.clone().requires_grad_()
        logits = net(_diverse(x, generator, probability, level, sides)[None])
        loss = torch.nn.functional.cross_entropy(logits, label[None])
        return torch.autograd.grad(loss, x)[0]

    seen, expected = _transformed(scene, [DI(**options)], gradient)
    draws = [torch.Generator().manual_seed(seed) for seed in (5, 6, 7)]
    for step, places in enumerate(seen):
        reference = torch.stack(
            [
                _diverse(own[step], generator, probability, level, sides)
                for own, generator in zip(expected, draws, strict=True)
            ]
        )
        torch.testing.assert_close(places, reference, rtol=0, atol=1e-8)


def test_diversity_that_never_happens_changes_nothing(scene):
    _, pixels, _, victim = scene
    never = MIFGSM(Linf(EPS), transforms=[DI(probability=0)], **SHARED)
    _assert_same(never, MIFGSM(Linf(EPS), **SHARED), victim, pixels)


def test_diversity_happens_as_often_as_it_says_and_everywhere():
    clean = torch.full((600, 1, 1, 20, 30), 200.0)
    rng = SampleRandom.from_seeds(range(600))
    copies = DI(probability=0.3, enlarge=1.5).copy(clean, 0, (0, 255), rng)
    moved = copies[(copies != clean).flatten(1).any(dim=1)]
    assert 0.3 * 600 - 4 * 11.3 < len(moved) < 0.3 * 600 + 4 * 11.3
    # Some touch each edge of the frame, some leave it dark.
    for edge in (moved[..., 0, :], moved[..., -1, :], moved[..., 0], moved[..., -1]):
        bright = edge.flatten(1).amax(dim=1)
        assert (bright == 0).any()
        assert (bright > 150).any()


def _mean_gradient(net, x, label, views):
    """Of losses of ``weight, view`` of one clip, in the clip."""
    x = x.clone().requires_grad_()
    losses = [
        weight * torch.nn.functional.cross_entropy(net(view(x)[None]), label[None])
        for weight, view in views
    ]
    return torch.autograd.grad(sum(losses), x)[0]


@pytest.mark.parametrize(('scales', 'origin', 'level'), [(5, 'dark', 0.0), (3, 'grey', 127.5)])
def test_si(scene, scales, origin, level):
    """Lin et al. 2020, eq. 8: the mean over x / 2^i."""
    views = [(1 / scales, lambda x, i=i: level + (x - level) / 2**i) for i in range(scales)]

    def gradient(net, x, label, generator):
        return _mean_gradient(net, x, label, views)

    seen, expected = _transformed(scene, [SI(scales=scales, origin=origin)], gradient)
    for number, places in enumerate(seen):
        step, i = divmod(number, scales)
        reference = torch.stack([level + (own[step] - level) / 2**i for own in expected])
        torch.testing.assert_close(places, reference, rtol=0, atol=1e-8)


WEIGHTS = {
    'gaussian': lambda i, last: math.exp(-(i**2) / (2 * (last / 3) ** 2)),
    'linear': lambda i, last: 1 - abs(i) / (last + 1),
    'uniform': lambda i, last: 1.0,
}


@pytest.mark.parametrize('weighting', WEIGHTS)
@pytest.mark.parametrize('last', [2, 7])
def test_tt(scene, weighting, last):
    """Wei et al. 2022: gradients of cyclic shifts, each shifted back; 7 goes round 5 frames."""
    weights = {i: WEIGHTS[weighting](i, last) for i in range(-last, last + 1)}

    def gradient(net, x, label, generator):
        found = torch.zeros_like(x)
        for shift, weight in weights.items():
            order = [(t - shift) % 5 for t in range(5)]
            back = [(t + shift) % 5 for t in range(5)]
            found += weight * _loss_gradient(net, x[:, order], label)[:, back]
        return found / sum(weights.values())

    transform = TT(shifts=last, weighting=weighting)
    assert list(transform.weights()) == pytest.approx(
        [weight / sum(weights.values()) for weight in weights.values()]
    )
    seen, _ = _transformed(scene, [transform], gradient)
    # The first copy is the last frames first: frame 0 goes to where frame -shifts was.
    assert torch.equal(seen[0][:, :, (0 - last) % 5], scene[1][:, :, 0])


@pytest.mark.parametrize('transform', [SI(scales=1), TT(shifts=0), TT(0, 'linear')])
def test_one_copy_is_the_sample(scene, transform):
    _, pixels, _, victim = scene
    for cls in (MIFGSM, NIFGSM):
        alone = cls(Linf(EPS), transforms=[transform], **SHARED)
        _assert_same(alone, cls(Linf(EPS), **SHARED), victim, pixels)


def test_transforms_compose(scene):
    """TI-SI-DI: smoothed last, scaled first, each scale enlarged by draws of its own."""

    def gradient(net, x, label, generator):
        views = [
            (1 / 3, lambda x, i=i: _diverse(x / 2**i, generator, 0.5, 0.0, (8, 10)))
            for i in range(3)
        ]
        found = _mean_gradient(net, x, label, views)
        return TI(size=5)._smooth(found[None])[0]

    _transformed(scene, [TI(size=5), SI(scales=3), DI()], gradient)


def _vmi_fgsm(net, clean, label, neighbours, beta, seed):
    """Wang and He 2021, algorithm 1: g' = mu g + (grad + v) / |grad + v|, mu = 1."""
    generator = torch.Generator().manual_seed(seed)
    x, g, v, seen = clean, torch.zeros_like(clean), torch.zeros_like(clean), []
    for step in range(STEPS):
        seen.append(x)
        gradient = _loss_gradient(net, x, label)
        g = g + _normalised(gradient + v)
        if step < STEPS - 1:
            noise = [torch.rand(x.shape, generator=generator).double() for _ in range(neighbours)]
            around = [x + beta * EPS * (2 * one - 1) for one in noise]
            seen += around
            v = sum(_loss_gradient(net, one, label) for one in around) / neighbours - gradient
        x = _stepped(x, g, clean)
    return [*seen, x]


@pytest.mark.parametrize(('neighbours', 'beta'), [(1, 0.5), (4, 1.5)])
def test_vmi_fgsm(scene, neighbours, beta):
    net, pixels, labels, _ = scene
    seeds = [5, 6, 7]
    expected = [
        _vmi_fgsm(net, x, y, neighbours, beta, seed)
        for x, y, seed in zip(pixels, labels, seeds, strict=True)
    ]
    attack = VMIFGSM(Linf(EPS), neighbours=neighbours, beta=beta, **SHARED)
    _assert_seen(attack, scene, expected, seeds)


@pytest.mark.parametrize('neighbours', [1, 3])
def test_neighbours_at_the_very_place_change_nothing(scene, neighbours):
    _, pixels, _, victim = scene
    still = VMIFGSM(Linf(EPS), neighbours=neighbours, beta=0.0, **SHARED)
    _assert_same(still, MIFGSM(Linf(EPS), **SHARED), victim, pixels)


def test_neighbours_are_members_of_a_larger_threat(scene):
    clean = scene[1]
    for threat in (L2(60), FrameMask(Linf(EPS), frames=[1, 3])):
        attack = VMIFGSM(threat, neighbours=2, beta=1.5, steps=2)
        _, *around, _ = _seen(attack, scene)[0]
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


@pytest.mark.parametrize('cls', [NIFGSM, VMIFGSM])
def test_batch_equals_singles_with_early_stop(cls):
    victim, pixels = PerClip.of(4), clips(4, seed=5)
    labels, attack = predicted(victim, pixels), cls(Linf(2), early_stop=True)
    for row, outcome in enumerate(attack(victim, pixels, labels, seeds=[5, 6, 7, 8])):
        one = torch.tensor([row])
        (alone,) = attack(victim.select(one), pixels[one], labels[one], seeds=[5 + row])
        assert torch.equal(outcome.adversarial, alone.adversarial)
        assert (outcome.forwards, outcome.backwards) == (alone.forwards, alone.backwards)
