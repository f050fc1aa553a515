"""Sign and scale of the estimated gradient, where the true one is known."""

import pytest
import torch

from mmrobust.estimators import GradientEstimator
from mmrobust.estimators.bandits import AdditiveBandits, ExponentiatedBandits
from mmrobust.estimators.nes import NES
from mmrobust.query.diagnosis import cosine
from mmrobust.registry import ESTIMATORS

SHAPE = (2, 3, 4, 5)
ALL = [NES(), NES(momentum=0.0), AdditiveBandits(), AdditiveBandits(unit='clip')]
ALL += [ExponentiatedBandits(), ExponentiatedBandits(unit='frame')]


def noise(seed=0):
    """Standard normal draws."""
    generator = torch.Generator().manual_seed(seed)
    return lambda: torch.randn(SHAPE, generator=generator).double()


def gradient(seed=3):
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed)).double()


def quadratic(centre, steepness):
    """-|x - centre|^2 steepness / 2, whose gradient at 0 is steepness * centre."""
    return lambda x: -0.5 * steepness * (x - centre).flatten(1).square().sum(dim=1)


def climbed(estimator, objective, rounds, seed=0):
    """The direction after some rounds at 0."""
    draw, estimate = noise(seed), estimator.bind(torch.zeros(SHAPE).double())
    for _ in range(rounds):
        direction = estimate.learn(objective(estimate.propose(draw)))
    return direction


# The bandits' constants suit losses whose probes differ by some thousandths;
# a single round of NES without momentum sees 25 of the 120 directions.
@pytest.mark.parametrize(
    ('estimator', 'scale', 'rounds', 'least'),
    [
        (NES(), 1.0, 60, 0.8),
        (NES(), 1e-6, 60, 0.8),
        (NES(momentum=0.0), 1.0, 1, 0.25),
        (AdditiveBandits(), 1e-3, 1500, 0.8),
        (AdditiveBandits(), 1e-5, 1500, 0.8),
        (AdditiveBandits(unit='clip'), 1e-5, 1500, 0.8),
        (ExponentiatedBandits(), 1e-6, 1500, 0.7),
        (ExponentiatedBandits(unit='frame'), 1e-6, 1500, 0.7),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, GradientEstimator) else None,
)
def test_the_direction_is_up_a_quadratic_and_nears_its_gradient(estimator, scale, rounds, least):
    true = gradient()
    # The top is far enough away for the slope to be the same at all probes.
    objective = quadratic(100 * true, scale / 100)
    assert cosine(climbed(estimator, objective, 1), true) > 0
    assert cosine(climbed(estimator, objective, rounds), true) > least
    assert cosine(climbed(estimator, lambda x: -objective(x), rounds), true) < -least


@pytest.mark.parametrize('population', [2, 10, 400])
def test_nes_is_the_average_of_slopes_times_noise(population):
    true, estimator = gradient(), NES(sigma=0.5, population=population, momentum=0.0)
    found = climbed(estimator, lambda x: (x * true).flatten(1).sum(dim=1), 1)
    draw, expected = noise(), torch.zeros(SHAPE).double()
    for _ in range(population // 2):
        u = draw()
        expected += (u * true).sum() * u / (population // 2)
    torch.testing.assert_close(found, expected)


def test_nes_has_the_scale_of_the_gradient():
    true, estimator = gradient(), NES(population=20_000, momentum=0.0)
    found = climbed(estimator, lambda x: (x * true).flatten(1).sum(dim=1), 1)
    assert float((found * true).sum() / true.square().sum()) == pytest.approx(1, abs=0.05)


def test_nes_momentum_is_a_running_average():
    true = gradient()
    linear = lambda x: (x * true).flatten(1).sum(dim=1)  # noqa: E731
    draw = noise()
    plain, heavy = NES(momentum=0.0, population=4), NES(momentum=0.7, population=4)
    singles, average = plain.bind(true), torch.zeros(SHAPE).double()
    for _ in range(5):
        average = 0.7 * average + 0.3 * singles.learn(linear(singles.propose(draw)))
    torch.testing.assert_close(climbed(heavy, linear, 5), average)


@pytest.mark.parametrize('unit', ['frame', 'clip'])
@pytest.mark.parametrize('kind', [AdditiveBandits, ExponentiatedBandits])
def test_bandit_probes_have_their_length_and_stand_either_side_of_the_prior(kind, unit):
    estimate = kind(fd_eta=12.0, unit=unit).bind(gradient())
    estimate.prior = gradient(5) * 0.1
    draw = noise()
    offsets = estimate.propose(draw)
    axes = (1, 3, 4) if unit == 'frame' else (1, 2, 3, 4)
    lengths = offsets.square().sum(dim=axes).sqrt()
    torch.testing.assert_close(lengths, torch.full_like(lengths, 12.0))
    directions = [estimate.prior + estimate.noise, estimate.prior - estimate.noise]
    for offset, direction in zip(offsets, directions, strict=True):
        for frame in range(SHAPE[1]) if unit == 'frame' else [slice(None)]:
            assert cosine(offset[:, frame], direction[:, frame]) == pytest.approx(1)


def test_additive_bandits_move_by_the_constants_of_the_release():
    # On 0..1: prior += rate * (L+ - L-) / (eta delta^2) * (delta n).
    eta, delta, rate = 0.1, 0.1, 0.1
    estimate = AdditiveBandits().bind(gradient())
    offsets = estimate.propose(noise())
    n = noise()()
    probes = torch.stack([delta * n, -delta * n])
    length = probes.square().sum(dim=(1, 3, 4), keepdim=True).sqrt()
    torch.testing.assert_close(offsets / 255, eta * probes / length)
    moved = estimate.learn(torch.tensor([0.7, 0.4]))
    torch.testing.assert_close(moved, rate * 0.3 / (eta * delta**2) * delta * n, rtol=1e-6, atol=0)


def test_exponentiated_bandits_are_the_multiplicative_update():
    # Ilyas et al.: weights p = (prior + 1) / 2 times exp(+step), 1 - p times exp(-step).
    estimate = ExponentiatedBandits(rate=0.3).bind(gradient())
    estimate.prior = gradient(5).tanh()
    before = estimate.prior.clone()
    estimate.propose(noise())
    u = noise()() / before.numel() ** 0.5
    torch.testing.assert_close(estimate.noise, u)
    moved = estimate.learn(torch.tensor([0.7, 0.4]))
    step = 0.3 * 0.3 / 0.1 * u
    p = (before + 1) / 2
    plus, minus = p * step.exp(), (1 - p) * (-step).exp()
    torch.testing.assert_close(moved, 2 * plus / (plus + minus) - 1, rtol=1e-5, atol=1e-7)


def test_exponentiated_bandits_on_tiles_are_those_of_the_coarse_clip():
    # Side 4 in height and width is one value a tile: the same as a clip of a quarter.
    tile, size = 4, (3, 2, 5, 6)
    coarse = torch.randn(size, generator=torch.Generator().manual_seed(3)).double()

    def fine(values):
        return values.repeat_interleave(tile, dim=-2).repeat_interleave(tile, dim=-1)

    large = ExponentiatedBandits().bind(fine(torch.zeros(size).double()), tile)
    small = ExponentiatedBandits().bind(torch.zeros(size).double())
    offsets = [large.propose(lambda: fine(coarse)), small.propose(lambda: coarse)]
    # The same way; a probe's length is that of the clip.
    torch.testing.assert_close(offsets[0], fine(offsets[1]) / tile)
    answers = torch.tensor([0.01, 0.02])
    torch.testing.assert_close(large.learn(answers), fine(small.learn(answers)))
    ragged = ExponentiatedBandits().bind(torch.zeros(3, 2, 5, 7), tile)
    ragged.propose(lambda: torch.ones(3, 2, 5, 7))
    assert float(ragged.noise.max()) == pytest.approx((3 * 2 * 2 * 2) ** -0.5)


def test_a_saturated_prior_can_still_turn():
    estimate, true, draw = ExponentiatedBandits().bind(gradient()), 1e-5 * gradient(), noise()
    for way in (true, -true):
        for _ in range(3000):
            offsets = estimate.propose(draw)
            found = estimate.learn((offsets * way).flatten(1).sum(dim=1))
        assert 0.9 < found.abs().max() <= 1
        assert cosine(found, way) > 0.5


def test_frames_without_noise_divide_by_nothing():
    for kind in (AdditiveBandits, ExponentiatedBandits):
        estimate = kind().bind(gradient())
        offsets = estimate.propose(lambda: torch.zeros(SHAPE).double())
        assert torch.equal(offsets, torch.zeros_like(offsets))
        assert estimate.learn(torch.tensor([1.0, 0.0])).isfinite().all()


@pytest.mark.parametrize('estimator', ALL, ids=lambda e: type(e).__name__)
def test_description_builds_the_same_estimator(estimator):
    described = estimator.describe()
    assert ESTIMATORS.build(described).describe() == described


@pytest.mark.parametrize(
    ('config', 'message'),
    [
        ({'type': 'NES', 'sigma': 0}, 'sigma must be a finite number > 0, got 0'),
        ({'type': 'NES', 'population': 5}, 'population must be an even number >= 2, got 5'),
        ({'type': 'NES', 'momentum': 1}, r'momentum must be in \[0, 1\), got 1'),
        ({'type': 'AdditiveBandits', 'rate': -1}, 'rate must be a finite number > 0, got -1'),
        ({'type': 'AdditiveBandits', 'unit': 'x'}, "unit must be frame or clip, got 'x'"),
    ],
)
def test_bad_options(config, message):
    with pytest.raises(ValueError, match=message):
        ESTIMATORS.build(config)
