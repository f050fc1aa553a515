"""Input transforms: every place that a gradient is taken at against plain re-implementations."""

import math

import numpy as np
import pytest
import torch
from scipy.fft import dctn, idctn
from scipy.stats import norm
from trajectories import (
    EPS,
    SHARED,
    STEPS,
    assert_same,
    loss_gradient,
    normalised,
    seen_by,
    stepped,
)

from mmrobust.attacks.mi_fgsm import MIFGSM
from mmrobust.attacks.ni_fgsm import NIFGSM
from mmrobust.functional.randomness import SampleRandom
from mmrobust.input_transforms import DI, SI, SSA, TI, TT, Admix
from mmrobust.io.clip_bank import read_bank
from mmrobust.threats import Linf


def _transformed(scene, transforms, gradient, seeds=(5, 6, 7), per_frame=False):
    """MI-FGSM with transforms against steps along ``gradient(net, x, label, generator)``."""
    net, pixels, labels, _ = scene
    expected = []
    for clean, label, seed in zip(pixels, labels, seeds, strict=True):
        generator = torch.Generator().manual_seed(seed)
        x, g, iterates = clean, torch.zeros_like(clean), []
        for _ in range(STEPS):
            iterates.append(x)
            found = gradient(net, x, label, generator)
            parts = found.unbind(1) if per_frame else [found]
            g = g + torch.stack([normalised(part) for part in parts], 1).reshape_as(g)
            x = stepped(x, g, clean)
        expected.append([*iterates, x])
    attack = MIFGSM(Linf(EPS), transforms=transforms, per_frame=per_frame, **SHARED)
    copies = math.prod(len(transform.weights()) for transform in transforms)
    seen, outcomes = seen_by(attack, scene, seeds)
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
        found = loss_gradient(net, x, label)[None]
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
        assert_same(sharp, cls(Linf(EPS), **SHARED), victim, pixels)


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
    assert_same(never, MIFGSM(Linf(EPS), **SHARED), victim, pixels)


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
@pytest.mark.parametrize(('last', 'per_frame'), [(2, False), (7, False), (7, True)])
def test_tt(scene, weighting, last, per_frame):
    """Wei et al. 2022: gradients of cyclic shifts, each shifted back; 7 goes round 5 frames."""
    weights = {i: WEIGHTS[weighting](i, last) for i in range(-last, last + 1)}

    def gradient(net, x, label, generator):
        found = torch.zeros_like(x)
        for shift, weight in weights.items():
            order = [(t - shift) % 5 for t in range(5)]
            back = [(t + shift) % 5 for t in range(5)]
            found += weight * loss_gradient(net, x[:, order], label)[:, back]
        return found / sum(weights.values())

    transform = TT(shifts=last, weighting=weighting)
    assert list(transform.weights()) == pytest.approx(
        [weight / sum(weights.values()) for weight in weights.values()]
    )
    seen, _ = _transformed(scene, [transform], gradient, per_frame=per_frame)
    # The first copy is the last frames first: frame 0 goes to where frame -shifts was.
    assert torch.equal(seen[0][:, :, (0 - last) % 5], scene[1][:, :, 0])


@pytest.mark.parametrize('transform', [SI(scales=1), TT(shifts=0), TT(0, 'linear')])
def test_one_copy_is_the_sample(scene, transform):
    _, pixels, _, victim = scene
    for cls in (MIFGSM, NIFGSM):
        alone = cls(Linf(EPS), transforms=[transform], **SHARED)
        assert_same(alone, cls(Linf(EPS), **SHARED), victim, pixels)


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


@pytest.mark.parametrize(('copies', 'spread', 'noise'), [(1, 0.5, 0.0), (3, 0.5, 6.0)])
def test_ssa(scene, copies, spread, noise):
    """Long et al. 2022: IDCT(DCT(x + N(0, sigma^2)) * U(1 - rho, 1 + rho)), frame by frame."""

    def simulated(x, generator):
        still = (x.shape[0], 1, *x.shape[2:])
        added = noise * torch.randn(still, generator=generator).double()
        weights = 1 + spread * (2 * torch.rand(still, generator=generator).double() - 1)
        spectrum = dctn((x + added).numpy(), axes=(2, 3), norm='ortho') * weights.numpy()
        return torch.from_numpy(idctn(spectrum, axes=(2, 3), norm='ortho')), weights

    def gradient(net, x, label, generator):
        total = torch.zeros_like(x)
        for _ in range(copies):
            place, weights = simulated(x, generator)
            there = loss_gradient(net, place, label)
            # Back through a symmetric map: cosines, weights, cosines again.
            spectrum = dctn(there.numpy(), axes=(2, 3), norm='ortho') * weights.numpy()
            total += torch.from_numpy(idctn(spectrum, axes=(2, 3), norm='ortho'))
        return total / copies

    transform = SSA(copies=copies, spread=spread, noise=noise)
    seen, expected = _transformed(scene, [transform], gradient)
    draws = [torch.Generator().manual_seed(seed) for seed in (5, 6, 7)]
    for number, places in enumerate(seen):
        step = number // copies
        reference = [
            simulated(own[step], generator)[0]
            for own, generator in zip(expected, draws, strict=True)
        ]
        torch.testing.assert_close(places, torch.stack(reference), rtol=0, atol=1e-7)


def test_a_spectrum_that_is_left_alone_is_the_clip(scene):
    _, pixels, _, victim = scene
    still = MIFGSM(Linf(EPS), transforms=[SSA(copies=2, spread=0, noise=0)], **SHARED)
    assert_same(still, MIFGSM(Linf(EPS), **SHARED), victim, pixels)


@pytest.mark.parametrize(('mixes', 'share'), [(1, 0.2), (3, 0.5)])
def test_admix(scene, tmp_path, mixes, share):
    """Wang et al. 2021, eq. 8: the mean over (x + eta x') / 2^i, x' of other clips."""
    size = scene[1].shape[1:]
    bank = np.random.default_rng(1).integers(0, 256, (5, *size[1:], 3), dtype=np.uint8)
    np.save(tmp_path / 'bank.npy', bank)
    clips = torch.from_numpy(bank).permute(0, 4, 1, 2, 3).double()

    def gradient(net, x, label, generator):
        total = torch.zeros_like(x)
        for _ in range(mixes):
            for scale in range(2):
                drawn = torch.rand(1, generator=generator)
                # Each copy of the first transform meets each of the second with a draw of its own.
                other = clips[int(drawn.double() * 5)]
                place = ((x + share * other) / 2**scale).requires_grad_()
                total += loss_gradient(net, place, label) / 2**scale
        return total / (2 * mixes)

    transforms = [Admix(bank=str(tmp_path / 'bank.npy'), mixes=mixes, share=share), SI(scales=2)]
    _transformed(scene, transforms, gradient)


def test_clips_of_a_bank_are_brought_to_the_samples(tmp_path):
    """Frames at equal distances, sizes by bilinear interpolation, channels as they are."""
    bank = np.zeros((1, 9, 4, 4, 3), dtype=np.uint8)
    bank[0] = np.arange(9, dtype=np.uint8)[:, None, None, None] * 10 + np.arange(3, dtype=np.uint8)
    np.save(tmp_path / 'bank.npy', bank)
    transform = Admix(bank=str(tmp_path / 'bank.npy'), share=1.0)
    rng = SampleRandom.from_seeds([0])
    clip = transform.copy(torch.zeros(1, 3, 5, 6, 7), 0, (0, 255), rng)
    assert clip[0, :, :, 3, 3].tolist() == [[c + 20 * t for t in range(5)] for c in range(3)]
    picture = transform.copy(torch.full((1, 3, 6, 7), 5.0), 0, (0, 255), rng)
    assert picture[0, :, 2, 2].tolist() == [5, 6, 7]
    with pytest.raises(ValueError, match='bank must be of 1 channels, got 3'):
        transform.check(torch.zeros(1, 1, 5, 6, 7), (0, 255))


def test_what_a_file_holds_decides(tmp_path):
    kinds = (((2, 3, 4, 5), 'u1'), ((2, 1, 3, 4, 5), 'f4'), ((0, 1, 3, 4, 3), 'u1'))
    for clips in [np.zeros(shape, kind) for shape, kind in kinds]:
        np.save(tmp_path / f'{clips.ndim}.npy', clips)
        with pytest.raises(ValueError, match=r'bank must be clips \(B, T, H, W, C\) of uint8, got'):
            Admix(bank=str(tmp_path / f'{clips.ndim}.npy'))


def test_a_bank_that_was_written_anew_is_read_anew(tmp_path):
    path = str(tmp_path / 'bank.npy')
    for number in (1, 200):
        np.save(tmp_path / 'new.npy', np.full((number, 1, 2, 2, 3), number, 'u1'))
        (tmp_path / 'new.npy').replace(path)
        assert int(read_bank(path).max()) == len(read_bank(path)) == number
