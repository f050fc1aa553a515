"""Blurs against plain ones of a single picture, and where they move it."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, zoom

from mmrobust.corruptions import (
    Clip,
    DefocusBlur,
    GaussianBlur,
    GlassBlur,
    MotionBlur,
    TemporalBlur,
    ZoomBlur,
)
from mmrobust.corruptions.defocus_blur import disc
from mmrobust.corruptions.glass_blur import origins
from mmrobust.corruptions.smear import line
from mmrobust.corruptions.zoom_blur import enlarged
from tests.corruptions.clips import block, centroid, corrupted, draws, flat, scene


@pytest.mark.parametrize('kind', [GaussianBlur(), GaussianBlur((0.5, 0.75, 1, 1.25, 1.5))])
def test_gaussian_blur_is_that_of_scipy(kind):
    (picture,) = scene()
    for severity, sigma in enumerate(kind.constants, 1):
        plain = gaussian_filter(picture.astype(float), (sigma, sigma, 0), mode='nearest')
        assert np.abs(corrupted(kind, [picture], severity)[0] - np.floor(plain)).max() <= 1


def test_discs_have_as_many_pixels_as_lie_within_their_radius():
    # Points of a grid within a circle, by radius: 29, 49, 113, 197, 317.
    for (radius, edge), count in zip(DefocusBlur.constants, (29, 49, 113, 197, 317), strict=True):
        kernel = disc(radius, edge)
        middle = len(kernel) // 2
        # The published two widest gain a little where their edge is smoothed.
        gain = {8: 1.013, 10: 1.0108}.get(radius, 1)
        assert kernel.sum() == pytest.approx(gain, abs=5e-5)
        assert kernel[middle, middle] == pytest.approx(1 / count, rel=1e-5)
        rows, columns = np.indices(kernel.shape) - middle
        assert not kernel[np.hypot(rows, columns) > radius + 3].any()
        np.testing.assert_allclose(kernel, kernel[::-1].T, atol=1e-7)


def test_defocus_blur_spreads_a_point_to_its_disc():
    frames = np.zeros((1, 41, 41, 3), np.uint8)
    frames[0, 20, 20] = 255
    spread = corrupted(DefocusBlur(), frames, 1)[0, ..., 0]
    rows, columns = np.indices(spread.shape) - 20
    np.testing.assert_array_equal(spread, np.where(np.hypot(rows, columns) <= 3, 255 // 29, 0))


@pytest.mark.parametrize('kind', [GaussianBlur(), GlassBlur(), MotionBlur(), ZoomBlur()])
def test_blurs_leave_a_flat_picture(kind):
    for value in (1, 77, 255):
        for severity in range(1, 6):
            assert (corrupted(kind, flat(value), severity) == value).all()


def test_a_smear_goes_one_pixel_a_step_to_the_left_or_upwards():
    steps, weights = line(3, 2, 0)
    np.testing.assert_array_equal(steps, [[-i, 0] for i in range(7)])
    np.testing.assert_allclose(weights / weights[0], np.exp(-(np.arange(7) ** 2) / 8))
    assert weights.sum() == pytest.approx(1)
    np.testing.assert_array_equal(line(2, 2, 90)[0], [[0, -i] for i in range(5)])
    np.testing.assert_array_equal(line(1, 2, -45)[0], [[0, 0], [-1, 1], [-1, 1]])


def test_motion_blur_moves_as_far_as_published():
    points = np.array([[[60.0, 40.0]]])
    shifts = [MotionBlur().moved(points, Clip(flat(0)), (0.0,), s) - points for s in range(1, 6)]
    along = [-shift[0, 0, 0] for shift in shifts]
    np.testing.assert_allclose(along, [2.09, 3.68, 6.07, 8.99, 11.43], atol=0.005)


@pytest.mark.parametrize('coherent', [True, False])
@pytest.mark.parametrize('centred', [True, False])
def test_motion_blur_knows_where_it_moves_to(centred, coherent):
    kind = MotionBlur(centred=centred, coherent=coherent)
    clip = Clip(block(70, 45, frames=3))
    drawing = kind.draw(clip, draws(kind))
    points = np.full((3, 1, 2), (70.0, 45.0))
    for severity in range(1, 6):
        frames = kind.apply(clip, drawing, severity)
        moved = kind.moved(points, clip, drawing, severity)
        for frame, ((wanted),) in zip(frames, moved, strict=True):
            # Fractions that are cut off are most where the smear is faint.
            assert np.hypot(*(centroid(frame) - wanted)) < 0.6
        if centred:
            assert abs(moved - points).max() <= 0.5
    assert abs(drawing[0]) <= 45


def test_zoom_blur_is_the_mean_of_scipys_zooms():
    picture = scene(size=(45, 61))[0]
    layers = []
    for severity, (end, step) in enumerate(ZoomBlur.constants, 1):
        factors = np.arange(1, end, step)
        layers.append(len(factors))
        total = picture.astype(float)
        for factor in factors:
            rows, columns = (int(np.ceil(side / factor)) for side in (45, 61))
            top, left = (45 - rows) // 2, (61 - columns) // 2
            middle = picture[top : top + rows, left : left + columns].astype(float)
            total += zoom(middle, (factor, factor, 1), order=1)[:45, :61]
        plain = total / (len(factors) + 1)
        assert np.abs(corrupted(ZoomBlur(), [picture], severity)[0] - np.floor(plain)).max() <= 1
    assert layers == [12, 16, 11, 13, 11]
    assert len({one for s in range(1, 6) for one in ZoomBlur().factors(s)}) == 24


def test_zoom_blur_knows_where_it_moves_to():
    kind, frame = ZoomBlur(), block(30, 20)[0]
    places = [centroid(enlarged(frame.astype(np.float32), one)) for one in kind.factors(5)]
    wanted = np.mean([(30, 20), *places], axis=0)
    moved = kind.moved(np.array([[[30.0, 20.0]]]), Clip(frame[None]), None, 5)
    np.testing.assert_allclose(moved[0, 0], wanted, atol=0.02)
    assert np.hypot(*(wanted - (30, 20))) > 3


def test_glass_shows_what_its_neighbours_took_over_before():
    rng = np.random.default_rng(0)
    reach, rounds, rows, columns = 2, 3, 9, 11
    steps = rng.integers(-reach, reach, (rounds, rows, columns, 2))
    picture = np.arange(rows * columns).reshape(rows, columns)
    wanted = picture.copy()
    for one in range(rounds):
        for y in range(rows - reach, reach, -1):
            for x in range(columns - reach, reach, -1):
                right, down = steps[one, y, x]
                wanted[y, x] = wanted[y + down, x + right]
    np.testing.assert_array_equal(origins(steps, reach), wanted)
    assert (wanted != picture).any()
    np.testing.assert_array_equal(origins(steps * 0, reach), picture)


def test_glass_steps_as_far_as_its_reach():
    kind = GlassBlur()
    numbers = np.random.default_rng(0).random((3, 40, 50, 2))
    for severity, (sigma, reach, rounds) in enumerate(kind.constants, 1):
        steps = np.floor(numbers * 2 * reach) - reach
        assert (steps.min(), steps.max()) == (-reach, reach - 1)
        picture = scene(size=(40, 50))[0].astype(float)
        first = np.floor(gaussian_filter(picture, (sigma, sigma, 0), mode='nearest') + 1e-3)
        mixed = first.reshape(-1, 3)[origins(steps[:rounds].astype(int), reach)]
        plain = gaussian_filter(mixed, (sigma, sigma, 0), mode='nearest')
        found = kind.apply(Clip(picture[None].astype(np.uint8)), (numbers,), severity)[0]
        assert np.abs(found - np.floor(plain)).max() <= 1


@pytest.mark.parametrize('kind', [TemporalBlur(), TemporalBlur((1, 2, 3, 4, 6))])
def test_temporal_blur_is_the_mean_of_the_frames_about(kind):
    frames = np.random.default_rng(0).integers(0, 256, (15, 4, 5, 3), dtype=np.uint8)
    for severity, reach in enumerate(kind.constants, 1):
        found = corrupted(kind, frames, severity)
        for t, frame in enumerate(found):
            about = frames[max(t - reach, 0) : t + reach]
            np.testing.assert_array_equal(frame, np.floor(about.mean(axis=0) + 1e-9))
    # Where all of them are there, 2 c frames, more before than after.
    middle = frames[7 - 3 : 7 + 3].mean(axis=0)
    np.testing.assert_array_equal(corrupted(TemporalBlur(), frames, 1)[7], np.floor(middle + 1e-9))


def test_refused_options():
    with pytest.raises(ValueError, match='constants must be five whole numbers of frames'):
        TemporalBlur((1, 2, 3, 4, 5.5))
    with pytest.raises(ValueError, match='centred must be true or false'):
        MotionBlur(centred=1)
    with pytest.raises(ValueError, match='coherent must be true or false'):
        GlassBlur(coherent=None)
