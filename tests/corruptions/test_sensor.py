"""Light, noise of a sensor, flicker and shake against formulas."""

import math

import cv2
import numpy as np
import pytest

from mmrobust.corruptions import (
    Clip,
    Draws,
    Flicker,
    LowLight,
    LowLightNoise,
    SensorNoise,
    Shake,
)
from mmrobust.corruptions.light import from_light, sensed, to_light
from mmrobust.datasets.synthetic import render

NOISY = (LowLight(), LowLightNoise(), SensorNoise())


def flat(level: int, frames: int = 2, size: int = 100, rate: float = 25.0) -> Clip:
    return Clip(np.full((frames, size, size, 3), level, np.uint8), rate=rate)


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((one.astype(float) - other) ** 2)))


# --- light ----------------------------------------------------------------------------


def test_light_and_back_is_the_same():
    levels = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(from_light(to_light(levels)), levels)
    np.testing.assert_array_equal(from_light(np.array([-0.1, 0, 1, 1.5])), [0, 0, 255, 255])


def test_light_is_that_of_the_srgb_standard():
    # OpenCV turns grey into lightness by way of linear light, nearly.
    levels = np.arange(0, 256, 5, dtype=np.uint8)
    grey = np.repeat(levels[None, :, None], 3, -1).astype(np.float32) / 255
    lightness = cv2.cvtColor(grey, cv2.COLOR_RGB2Lab)[0, :, 0]
    low, high = lightness / 903.3, ((lightness + 16) / 116) ** 3
    light = np.where(lightness > 8, high, low)
    np.testing.assert_allclose(to_light(levels), light, atol=5e-3)
    assert from_light(np.array([0.5]))[0] == 188


@pytest.mark.parametrize('shot', [1e-4, 6e-3])
def test_the_variance_of_the_sensor(shot):
    field = np.random.default_rng(0).standard_normal(400_000).astype(np.float32)
    # Of log variances of reading out, 2.18 times that of a photon plus 1.2.
    reading = math.e**1.2 * shot**2.18
    for light in (0.0, 0.3):
        found = sensed(np.full(400_000, light, np.float32), shot, field)
        assert found.mean() == pytest.approx(light, abs=4 * found.std() / 400_000**0.5)
        assert found.var() == pytest.approx(shot * light + reading, rel=0.02)


# --- noise ----------------------------------------------------------------------------


@pytest.mark.parametrize('severity', [2, 3, 4])
def test_sensor_noise_on_flat_frames(severity):
    level = 140
    light = float(to_light(np.array([level], np.uint8))[0])
    found = to_light(SensorNoise()(flat(level), severity, Draws(0, 'any', 0)))
    shot = (1e-4, 4e-4, 1.6e-3, 6e-3, 2.4e-2)[severity - 1]
    # A grey level is 0.006 of light here; rounding adds a twelfth of its square.
    variance = shot * light + math.e**1.2 * shot**2.18 + 0.006**2 / 12
    assert found.var() == pytest.approx(variance, rel=0.05)
    assert found.mean() == pytest.approx(light, abs=0.001)
    assert np.corrcoef(found[0].ravel(), found[1].ravel())[0, 1] < 0.03


def test_low_light_is_dark_and_its_noise_is_not():
    light = float(to_light(np.array([188], np.uint8))[0])
    for severity in range(1, 6):
        share = 2.0**-severity
        dark = to_light(LowLight()(flat(188), severity, Draws(0, 'any', 0)))
        assert dark.mean() == pytest.approx(light * share, rel=0.02)
        bright = to_light(LowLightNoise()(flat(188), severity, Draws(0, 'any', 0)))
        assert bright.mean() == pytest.approx(light, rel=0.02)
        variance = (4e-4 * light * share + math.e**1.2 * 4e-4**2.18) / share**2
        if severity > 1:
            assert bright.var() == pytest.approx(variance, rel=0.05)


def test_nothing_is_rounded_before_the_end():
    # Without noise, dark and bright again is what it was: levels would be lost in between.
    ramp = Clip(np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, -1))
    silent = np.zeros(ramp.frames.shape, np.float32)
    np.testing.assert_array_equal(LowLightNoise().apply(ramp, silent, 5), ramp.frames)
    dark = LowLight().apply(ramp, silent, 5)
    assert len(np.unique(dark)) < 60


@pytest.mark.parametrize('kind', NOISY, ids=lambda kind: kind.name)
def test_each_severity_costs_quality(kind):
    clip = Clip(render(0).frames[:3])
    found = [psnr(f, clip.frames) for f in kind.ladder(clip, Draws(0, 'any', 0), range(1, 6))]
    assert (np.diff(found) < -0.5).all(), found


# --- flicker --------------------------------------------------------------------------


def gains(kind: Flicker, severity: int, rate: float, frames: int = 6) -> np.ndarray:
    """By what light is multiplied in each row of each frame, and the phase at the first."""
    clip = flat(150, frames, 50, rate)
    light = float(to_light(np.array([150], np.uint8))[0])
    return to_light(kind(clip, severity, Draws(0, kind.name, 0))).mean((2, 3)) / light


@pytest.mark.parametrize(('lamp', 'rate', 'readout'), [(100, 30, 0.5), (120, 25, 1.0), (7, 25, 0)])
def test_flicker_is_a_sine_of_the_time_of_each_row(lamp, rate, readout):
    kind = Flicker(lamp=lamp, readout=readout)
    phase = kind.draw(flat(150), Draws(0, kind.name, 0))
    for severity, depth in enumerate((0.05, 0.1, 0.2, 0.3, 0.5), 1):
        found = gains(kind, severity, rate)
        for frame in range(6):
            for row in (0, 13, 49):
                seconds = frame / rate + readout * row / 50 / rate
                right = 1 + depth * math.sin(2 * math.pi * lamp * seconds + phase)
                assert found[frame, row] == pytest.approx(right, abs=0.012)


def test_flicker_in_step_stands_still():
    still = gains(Flicker(lamp=100), 5, 25)
    np.testing.assert_allclose(still, np.broadcast_to(still[:1], still.shape), atol=0.01)
    assert np.ptp(still[0]) > 0.9
    whole = gains(Flicker(lamp=120, readout=0), 5, 25)
    np.testing.assert_allclose(whole, np.broadcast_to(whole[:, :1], whole.shape), atol=1e-6)
    assert np.ptp(whole[:, 0]) > 0.5


@pytest.mark.parametrize(('rate', 'lamp'), [(25, 120), (30, 100), (24, 100), (50, 120), (60, 100)])
def test_the_lamp_is_one_that_beats(rate, lamp):
    np.testing.assert_array_equal(gains(Flicker(), 3, rate), gains(Flicker(lamp=lamp), 3, rate))


def test_refused_options_of_flicker():
    with pytest.raises(ValueError, match='^lamp must be None or pulses a second > 0, got 0'):
        Flicker(lamp=0)
    with pytest.raises(ValueError, match='^readout must be 0 to 1, got 1.5'):
        Flicker(readout=1.5)


# --- shake ----------------------------------------------------------------------------


def test_the_path_of_shaking():
    clip = Clip(np.zeros((20_000, 1, 1, 3), np.uint8))
    path = Shake().draw(clip, Draws(0, 'shake', 0))
    np.testing.assert_allclose(path.mean(0), 0, atol=0.08)
    np.testing.assert_allclose(path.var(0), 1, rtol=0.08)
    for lag in (1, 3, 6):
        found = (path[lag:] * path[:-lag]).mean(0)
        np.testing.assert_allclose(found, math.exp(-lag / 3), atol=0.06)
    assert abs(np.corrcoef(path.T)[np.triu_indices(3, 1)]).max() < 0.05


def test_shifts_and_angles_of_shaking():
    # 40 rows and 60 columns: the longer side counts.
    clip = Clip(np.zeros((2, 40, 60, 3), np.uint8))
    path = np.array([[1.0, 0, 0], [0, -2, 1]])
    centre = np.full((2, 1, 2), [29.5, 19.5])
    for severity, (share, degrees) in enumerate(Shake.constants, 1):
        moved = Shake().moved(centre, clip, path, severity)
        right = [[29.5 + 60 * share, 19.5], [29.5, 19.5 - 120 * share]]
        np.testing.assert_allclose(moved[:, 0], right)
        cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        for step, turned in (
            ((10, 0), (10 * cosine, 10 * sine)),
            ((0, 5), (-5 * sine, 5 * cosine)),
        ):
            aside = Shake().moved(centre + np.array(step), clip, path, severity) - moved
            np.testing.assert_allclose(aside[:, 0], [step, turned], atol=1e-9)
    assert Shake.constants[4] == (0.08, 4)
