"""Weather, light and dirt on inputs whose answers are known."""

import colorsys
import sys

import cv2
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from mmrobust.corruptions import Brightness, Clip, Darkness, Fog, Frost, Rain, Snow, Spatter, frost
from mmrobust.corruptions.fog import plasma
from mmrobust.corruptions.spatter import glints
from tests.corruptions.clips import corrupted, draws, flat, scene

# --- fog ------------------------------------------------------------------------------


def plain_plasma(numbers: np.ndarray, side: int, decay: float) -> np.ndarray:
    """Point by point."""
    heights: dict[tuple[int, int], float] = {(0, 0): 0.0}
    feed, step, roughness = iter(numbers), side, 100.0

    def mean(*places: tuple[int, int]) -> float:
        return sum(heights[y % side, x % side] for y, x in places) / 4 + roughness**2 * next(feed)

    while step >= 2:
        half = step // 2
        grid = [(y, x) for y in range(0, side, step) for x in range(0, side, step)]
        for y, x in grid:
            square = (y, x), (y, x + step), (y + step, x), (y + step, x + step)
            heights[y + half, x + half] = mean(*square)
        for y, x in grid:
            diamond = (y, x), (y, x + step), (y + half, x + half), (y - half, x + half)
            heights[y, x + half] = mean(*diamond)
        for y, x in grid:
            diamond = (y, x), (y + step, x), (y + half, x + half), (y + half, x - half)
            heights[y + half, x] = mean(*diamond)
        step, roughness = half, roughness / decay
    found = np.array([[heights[y, x] for x in range(side)] for y in range(side)])
    return (found - found.min()) / (found.max() - found.min())


@pytest.mark.parametrize('decay', [1.4, 2])
def test_plasma_point_by_point(decay):
    numbers = np.random.default_rng(0).uniform(-1, 1, 16 * 16 - 1)
    np.testing.assert_allclose(plasma(numbers, decay), plain_plasma(numbers, 16, decay), atol=1e-12)


def test_fog_lifts_what_is_dark_and_keeps_the_brightest_value():
    clip = Clip(scene(size=(33, 65)))
    drawing = Fog().draw(clip, draws(Fog()))
    most = clip.frames.max()
    assert len(drawing[0]) == 128 * 128 - 1
    for severity, (strength, decay) in enumerate(Fog.constants, 1):
        clouds = plasma(drawing[0], decay)[:33, :65, None]
        gain = most / 255 / (most / 255 + strength)
        wanted = (clip.frames + 255 * strength * clouds) * gain
        found = Fog().apply(clip, drawing, severity)
        assert np.abs(found - np.floor(wanted)).max() <= 1
        assert found.max() <= most
    assert not corrupted(Fog(), flat(0), 3).any()


# --- frost ----------------------------------------------------------------------------


@pytest.fixture
def photographs(tmp_path, monkeypatch):
    """A package with six flat photographs of its own, red 10, 20 .. 60."""
    folder = tmp_path / 'imagecorruptions' / 'frost'
    folder.mkdir(parents=True)
    (folder.parent / '__init__.py').touch()
    for number, name in enumerate(frost.PICTURES, 1):
        cv2.imwrite(str(folder / name), np.full((60, 200, 3), (0, 0, 10 * number), np.uint8))
    monkeypatch.syspath_prepend(tmp_path)
    # Another one may have been imported.
    monkeypatch.delitem(sys.modules, 'imagecorruptions', raising=False)
    frost.photographs.cache_clear()
    yield
    frost.photographs.cache_clear()


def test_frost_adds_a_photograph(photographs):
    for severity, (own, weight) in enumerate(Frost.constants, 1):
        clean = flat(100, 50, 0, size=(70, 90), frames=30)
        found = corrupted(Frost(coherent=False), clean, severity)
        assert found.shape == (30, 70, 90, 3)
        red = np.unique(found[..., 0])
        # JPEG may change the last three by a level or two.
        wanted = own * 100 + weight * 10 * np.arange(1, 7)
        assert all(min(abs(wanted - one)) < 3 for one in red)
        assert len(red) >= 5
        assert (abs(found[..., 1:].astype(float) - own * np.array([50, 0])) < 3).all()


def test_photographs_of_frost_cover_the_frame():
    picture = np.zeros((60, 200, 3), np.uint8)
    for size, scale in (((40, 50), 1), ((120, 50), 2), ((60, 800), 4), ((240, 300), 4)):
        shape = np.array(frost.fitting(picture, size).shape[:2])
        # As published, rounded up.
        assert (abs(shape - 1.1 * scale * np.array([60, 200])) <= 1).all()
        assert (shape > size).all()


def test_parts_of_a_photograph_come_from_everywhere(monkeypatch):
    rows, columns = np.indices((99, 199))
    ramp = np.stack([rows, columns, rows], -1).astype(np.uint8)
    monkeypatch.setattr(frost, 'photographs', lambda: [ramp] * 6)
    monkeypatch.setattr(frost, 'fitting', lambda photograph, _: photograph)
    streams = (np.random.default_rng(seed) for seed in range(300))
    parts = [Frost().draw_one(stream, (40, 50)) for stream in streams]
    tops, lefts = np.array([part[0, 0, :2] for part in parts]).T
    assert {part.shape for part in parts} == {(40, 50, 3)}
    assert (tops.min(), lefts.min()) <= (2, 3)
    assert 55 < tops.max() < 59
    assert 144 < lefts.max() < 149
    assert all((part[-1, -1, :2] - part[0, 0, :2] == (39, 49)).all() for part in parts)


def test_frost_without_its_package_says_so(monkeypatch):
    monkeypatch.setattr(frost, 'find_spec', lambda _: None)
    frost.photographs.cache_clear()
    with pytest.raises(ModuleNotFoundError, match='pip install imagecorruptions-imaug'):
        corrupted(Frost(), flat(0), 1)


# --- snow, rain, spatter --------------------------------------------------------------


def test_snow_on_black_is_the_same_upside_down():
    for severity, constants in enumerate(Snow.constants, 1):
        found = corrupted(Snow(), flat(0), severity)
        np.testing.assert_array_equal(found, found[:, ::-1, ::-1])
        # Between the flakes: what is not the picture's own is half of white at least.
        assert found.min() >= np.floor((1 - constants[-1]) * 127.5)
        assert found.max() > found.min() + 50
    # The mildest leaves some place free.
    assert corrupted(Snow(), flat(0), 1).min() == int(0.2 * 127.5)
    free = corrupted(Snow(), flat(200, 50, 50), 1)[0].min(axis=(0, 1))
    pale = 1.5 * (0.299 * 200 + 0.587 * 50 + 0.114 * 50) + 127.5
    assert free.tolist() == [int(0.8 * own + 0.2 * pale) for own in (200, 50, 50)]


def test_snow_falls():
    kind = Snow()
    clip = Clip(flat(0, size=(90, 90)))
    numbers, angle = kind.draw(clip, draws(kind))[0]
    assert -135 <= angle <= -45
    snow = kind.apply(clip, ((numbers, -90.0),), 1)[0, ..., 0].astype(float)
    along, across = np.abs(np.diff(snow, axis=0)).mean(), np.abs(np.diff(snow, axis=1)).mean()
    assert along < across


def lit(frames: np.ndarray) -> np.ndarray:
    """Where a flat frame is brighter than elsewhere."""
    return frames[..., 0] > frames[..., 0].min()


def test_one_streak_of_rain():
    # 28 x 28 pixels have one streak at severity 1, of 10 pixels and its end.
    clip = Clip(flat(0, size=(28, 28), frames=1))
    for slant, place, column, row in ((-4, (0.5, 0.5), 12, 9), (4, (0.5, 0), 12, 0)):
        drawing = ((slant, np.array([place])),)
        found = lit(Rain().apply(clip, drawing, 1))[0]
        rows, columns = np.nonzero(found)
        np.testing.assert_array_equal(rows, np.arange(row, row + 11))
        assert (columns[0], columns[-1]) == (column, column - 1)
        # A third of 220 under the streak, by the blur; 220 of 255 of that are seen.
        value = Rain().apply(clip, drawing, 1)[0, row + 4, column, 0]
        assert value == pytest.approx(220 / 3 * 220 / 255 * 0.8, abs=1)


@pytest.mark.parametrize(('place', 'column', 'value'), [(0.3, 8, 40), (0.8, 22, 160)])
def test_a_streak_is_lit_as_the_picture_is_dark_there_and_on_the_whole(place, column, value):
    before = flat(40, size=(28, 28), frames=1)
    before[:, :, 14:] = 160
    drawing = ((0, np.array([[place, 0.5]])),)
    found = Rain().apply(Clip(before), drawing, 1)[0, 12, :, 0].astype(int)
    light = int(220 * (1 - value / 255) * (1 - 100 / 255))
    blurred = value + light / 3
    seen = blurred * 220 / 255 + value * 35 / 255
    # About the mean, which one streak changes by little.
    streak = np.argmax(found - np.where(np.arange(28) < 14, found[0], found[-1]))
    assert abs(streak - column) <= 1
    assert found[streak] - found[0 if value == 40 else -1] == pytest.approx(
        0.8 * (seen - value), abs=1
    )


def test_rain_grows_denser_and_flatter():
    shares = []
    before = flat(0, size=(120, 160))
    before[:, :, 80:] = 200
    for severity, (area, length, left) in enumerate(Rain.constants, 1):
        found = corrupted(Rain(), before, severity)
        shares.append(lit(corrupted(Rain(), flat(0, size=(120, 160)), severity)).mean())
        assert shares[-1] <= (length + 1) / area
        # Away from streaks both sides have come nearer.
        dark, bright = (np.median(found[..., side, 0]) for side in (slice(80), slice(80, 160)))
        assert bright - dark == pytest.approx(200 * left, rel=0.1)
    assert shares == sorted(shares)
    assert shares[-1] > 5 * shares[0]


def test_streaks_are_weaker_where_it_is_bright():
    (dark,), (bright,) = (corrupted(Rain(), flat(v, frames=1), 3) for v in (40, 240))
    assert int(dark.max()) - int(np.median(dark)) > 5 * (int(bright.max()) - int(np.median(bright)))


def test_water_is_turquoise_and_mud_is_brown():
    before = flat(30, size=(90, 120))
    for severity in (1, 2, 3):
        added = corrupted(Spatter(), before, severity)[0].astype(float) - 30
        assert added.min() == 0
        place = np.unravel_index(added[..., 1].argmax(), (90, 120))
        strength = Spatter.constants[severity - 1][4]
        np.testing.assert_allclose(added[place], strength * np.array([175, 238, 238]), atol=1)
    for severity in (4, 5):
        found = corrupted(Spatter(), before, severity)[0]
        covered = (found != 30).any(axis=-1)
        assert 0.02 < covered.mean() < 0.98
        # By four fifths at least.
        mud = np.array([63, 42, 20])
        assert (abs(found[covered] - mud) <= abs(30 - mud) * 0.2 + 1).all()


def test_water_step_by_step():
    numbers = np.random.default_rng(0).normal(0.6, 0.3, (120, 160))
    liquid = gaussian_filter(numbers, 3, mode='nearest')
    liquid[liquid < 0.68] = 0
    # A drop so wide that its middle is far from its edge.
    liquid[20:100, 30:140] = 0.8
    drops = (liquid * 255).astype(np.uint8)
    distance = cv2.distanceTransform(255 - cv2.Canny(drops, 50, 150), cv2.DIST_L2, 5)
    assert distance.max() > 25
    distance[distance > 20] = 20
    relief = cv2.equalizeHist(cv2.blur(distance, (3, 3)).astype(np.uint8))
    relief = cv2.filter2D(relief, -1, np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]))
    seen = drops * cv2.blur(relief, (3, 3)).astype(float)
    np.testing.assert_allclose(glints(liquid)[..., 0], seen / seen.max(), atol=1e-6)


def test_a_frame_without_a_drop_is_left_alone():
    clip = Clip(flat(30))
    for severity in range(1, 6):
        low = Spatter().apply(clip, (np.full(clip.size, -1.0),), severity)
        np.testing.assert_array_equal(low, clip.frames)


# --- light ----------------------------------------------------------------------------


def test_colours_that_are_brightened():
    def brightened(severity, *colour):
        return corrupted(Brightness(), flat(*colour, frames=1), severity)[0, 0, 0].tolist()

    assert brightened(1, 100, 50, 0) == [125, 62, 0]
    assert brightened(2, 51, 102, 102) == [76, 153, 153]
    assert brightened(5, 0, 0, 0) == [127, 127, 127]
    assert brightened(5, 200, 100, 50) == [255, 127, 63]
    assert brightened(3, 255, 20, 20) == [255, 20, 20]


@pytest.mark.parametrize(('kind', 'sign'), [(Brightness(), 1), (Darkness(), -1)])
def test_value_of_hsv(kind, sign):
    colours = np.random.default_rng(0).integers(0, 256, (1, 8, 9, 3), dtype=np.uint8)
    colours[0, 0, 0] = 0
    for severity, amount in enumerate(kind.constants, 1):
        found = corrupted(kind, colours, severity)
        for before, after in zip(colours.reshape(-1, 3), found.reshape(-1, 3), strict=True):
            hue, saturation, value = colorsys.rgb_to_hsv(*before / 255)
            value = min(max(value + sign * amount, 0), 1)
            wanted = np.array(colorsys.hsv_to_rgb(hue, saturation, value)) * 255
            assert abs(after - np.floor(wanted + 1e-6)).max() <= (0 if severity < 9 else 1)
