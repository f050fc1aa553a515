"""Noises against their distributions."""

import numpy as np
import pytest
from scipy.stats import norm, poisson

from mmrobust.corruptions import (
    Clip,
    GaussianNoise,
    ImpulseNoise,
    Pepper,
    Salt,
    ShotNoise,
    SpeckleNoise,
)
from tests.corruptions.clips import corrupted, draws, flat

BIG = {'size': (80, 100), 'frames': 4}
KINETICS_P = (250, 100, 50, 30, 15)


def test_gaussian_noise_has_its_deviation_and_is_cut_off_at_both_ends():
    for severity, share in enumerate(GaussianNoise.constants, 1):
        values = corrupted(GaussianNoise(), flat(128, **BIG), severity)
        black, white = (values == 0).mean(), (values == 255).mean()
        assert black == pytest.approx(norm.cdf(1, 128, 255 * share), abs=0.005)
        assert white == pytest.approx(norm.sf(255, 128, 255 * share), abs=0.005)
        if severity <= 2:
            assert values.std() == pytest.approx(255 * share, rel=0.02)
            # The fraction that is cut off is half a level on average.
            assert values.mean() == pytest.approx(127.5, abs=0.3)


@pytest.mark.parametrize('kind', [SpeckleNoise(), SpeckleNoise((0.15, 0.2, 0.25, 0.3, 0.35))])
def test_speckle_noise_is_in_proportion(kind):
    for severity, share in enumerate(kind.constants[:2], 1):
        for value in (60, 120):
            values = corrupted(kind, flat(value, **BIG), severity)
            assert values.std() == pytest.approx(value * share, rel=0.02)
            assert values.mean() == pytest.approx(value - 0.5, abs=0.2)
    assert not corrupted(kind, flat(0), 5).any()


@pytest.mark.parametrize('kind', [ShotNoise(), ShotNoise(KINETICS_P)])
def test_shot_noise_counts_photons(kind):
    for severity, photons in enumerate(kind.constants, 1):
        values = corrupted(kind, flat(100, **BIG), severity)
        counts = np.ceil(values * (photons / 255) - 1e-9)
        # More photons than those of white are white.
        chances = poisson.pmf(np.arange(photons), 100 / 255 * photons)
        chances = np.append(chances, 1 - chances.sum())
        found = np.bincount(counts.astype(int).ravel(), minlength=photons + 1) / counts.size
        assert abs(found - chances).max() < 0.005
        assert counts.mean() == pytest.approx(chances @ np.arange(photons + 1), rel=0.01)
        assert set(np.unique(values)) <= set(np.arange(1000) * 255 // photons)


@pytest.mark.parametrize('photons', [3, 60, 250])
def test_shot_noise_takes_the_quantile_of_every_level(photons):
    kind = ShotNoise((photons,) * 5)
    frames = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, -1)
    for share in (0, 1e-7, 0.01, 0.25, 0.5, 0.75, 0.999, 1 - 2**-24):
        drawing = np.full(frames.shape, share, np.float32)
        wanted = poisson.ppf(float(np.float32(share)), frames / 255 * photons)
        wanted = np.maximum(wanted, 0) * 255 / photons
        found = kind.apply(Clip(frames), drawing, 1)
        assert np.abs(found - np.minimum(wanted, 255)).max() < 1


def test_impulses_hit_single_channels_and_are_black_or_white():
    before = flat(128, **BIG)
    hit = np.zeros(before.shape, bool)
    for severity, share in enumerate(ImpulseNoise.constants, 1):
        values = corrupted(ImpulseNoise(), before, severity)
        assert set(np.unique(values)) == {0, 128, 255}
        assert (values == 0).mean() == pytest.approx(share / 2, abs=0.005)
        assert (values == 255).mean() == pytest.approx(share / 2, abs=0.005)
        assert (values[hit] != 128).all()
        hit = values != 128
        assert hit.all(axis=-1).mean() == pytest.approx(share**3, abs=0.005)


@pytest.mark.parametrize(('kind', 'value'), [(Salt(), 255), (Pepper(), 0)])
def test_salt_and_pepper(kind, value):
    before = flat(128, **BIG)
    hit = np.zeros(before.shape, bool)
    for severity in range(1, 6):
        values = corrupted(kind, before, severity)
        assert set(np.unique(values)) == {128, value}
        assert (values == value).mean() == pytest.approx(0.1 * severity, abs=0.006)
        assert (values[hit] == value).all()
        hit = values == value


@pytest.mark.parametrize('cls', [GaussianNoise, SpeckleNoise, ShotNoise, ImpulseNoise, Salt])
def test_noise_is_new_in_every_frame_and_value(cls):
    kind = cls()
    numbers = kind.draw(Clip(flat(128, **BIG)), draws(kind)).astype(float)
    shifted = numbers - numbers.mean()
    variance = (shifted**2).mean()
    for other in (np.roll(shifted, 1, axis) for axis in range(4)):
        assert abs((shifted * other).mean()) < 0.015 * variance


def test_refused_constants():
    for constants in ((1, 2, 3), (1, 2, 3, 4, 0), (1, 2, 3, 4, float('nan'))):
        with pytest.raises(ValueError, match='constants must be five finite numbers > 0'):
            ShotNoise(constants)
    assert ShotNoise([1, 2, 3, 4, 5]) == ShotNoise((1, 2, 3, 4, 5))
