"""Digital kinds and covers on inputs whose answers are known."""

import colorsys
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from mmrobust.corruptions import (
    Clip,
    ColorQuantization,
    Contrast,
    ElasticTransform,
    JPEGCompression,
    Mask,
    Pixelate,
    Saturate,
)
from mmrobust.corruptions.elastic_transform import mirrored
from tests.corruptions.clips import corrupted, draws, flat, scene


@pytest.mark.parametrize('kind', [Contrast(), Contrast((0.5, 0.4, 0.3, 0.2, 0.1))])
def test_contrast_of_two_colours(kind):
    before = flat(20, 100, 0, frames=2)
    before[0, :10] = 220, 100, 0
    for severity, left in enumerate(kind.constants, 1):
        found = corrupted(kind, before, severity)
        # A quarter of the first frame is bright: its mean is 70. The second is its own mean.
        assert found[0, 0, 0].tolist() == [int(70 + left * 150 + 1e-6), 100, 0]
        assert found[0, 20, 0].tolist() == [int(70 - left * 50 + 1e-6), 100, 0]
        assert (found[1] == (20, 100, 0)).all()


def test_saturation_of_hsv():
    colours = np.random.default_rng(0).integers(0, 256, (1, 8, 9, 3), dtype=np.uint8)
    colours[0, 0, :3] = [[0, 0, 0], [90, 90, 90], [255, 255, 255]]
    for severity, (factor, amount) in enumerate(Saturate.constants, 1):
        found = corrupted(Saturate(), colours, severity)
        for before, after in zip(colours.reshape(-1, 3), found.reshape(-1, 3), strict=True):
            hue, saturation, value = colorsys.rgb_to_hsv(*before / 255)
            saturation = min(saturation * factor + amount, 1)
            wanted = np.array(colorsys.hsv_to_rgb(hue, saturation, value)) * 255
            assert (after == np.floor(wanted + 1e-3)).all()
    # What has no hue turns red.
    assert corrupted(Saturate(), flat(90), 4)[0, 0, 0].tolist() == [90, 81, 81]


def test_saturation_falls_and_rises():
    def chroma(frames):
        return np.ptp(frames.astype(int), axis=-1).mean()

    before = scene()
    clean, (paler, palest, *stronger) = (
        chroma(before),
        (chroma(corrupted(Saturate(), before, severity)) for severity in range(1, 6)),
    )
    assert palest < paler < clean < stronger[0] < stronger[1] < stronger[2]


def test_jpeg_is_that_of_pillow():
    for severity, quality in enumerate((25, 18, 15, 10, 7), 1):
        file = BytesIO()
        Image.fromarray(scene()[0]).save(file, 'JPEG', quality=quality)
        (found,) = corrupted(JPEGCompression(), scene(), severity)
        np.testing.assert_array_equal(found, np.asarray(Image.open(file)))


def test_a_chessboard_pixelated():
    rows, columns = np.indices((40, 48))
    board = np.where((rows + columns) % 2, 0, 200)[None, ..., None].repeat(3, -1)
    assert (corrupted(Pixelate(), board, 2) == 100).all()
    coarse = np.where((rows // 4 + columns // 4) % 2, 0, 200)[None, ..., None].repeat(3, -1)
    np.testing.assert_array_equal(corrupted(Pixelate(), coarse, 5), coarse)
    blocks = corrupted(Pixelate(), scene(size=(40, 48)), 5)[0].reshape(10, 4, 12, 4, 3)
    assert (blocks == blocks[:, :1, :, :1]).all()


def warped(x: float, y: float) -> np.ndarray:
    """The scene, each pixel taken from (x, y) further on."""
    clip = Clip(scene())
    shift = np.stack([np.full(clip.size, one) for one in (x, y)]) / ElasticTransform.constants[0]
    return ElasticTransform().apply(clip, (shift,), 1)[0]


def test_elastic_takes_pixels_from_where_it_says():
    (picture,) = scene()
    np.testing.assert_array_equal(warped(0, 0), picture)
    np.testing.assert_array_equal(warped(2, 0)[:, :-2], picture[:, 2:])
    np.testing.assert_array_equal(warped(0, 3)[:-3], picture[3:])
    # Mirrored at the border, which comes twice.
    np.testing.assert_array_equal(warped(2, 0)[:, -2:], picture[:, :-3:-1])
    np.testing.assert_array_equal(warped(0, -2)[:2], picture[1::-1])
    between = (picture[:, :-1].astype(float) + picture[:, 1:]) / 2
    np.testing.assert_array_equal(warped(0.5, 0)[:, :-1], np.floor(between))
    quarter = picture[:-1] * 0.75 + picture[1:] * 0.25
    np.testing.assert_array_equal(warped(0, 0.25)[:-1], np.floor(quarter))
    wanted = [2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 1]
    np.testing.assert_array_equal(mirrored(np.arange(-4, 8), 3), wanted)


def test_elastic_moves_by_about_a_pixel_in_frames_of_any_size():
    kind = ElasticTransform()
    for size in ((96, 128), (224, 224)):
        (field,) = kind.draw(Clip(flat(0, size=size, frames=1)), draws(kind))
        # Of uniform steps (1 / 3 ** 0.5) what a Gaussian kernel leaves: 1 / (2 pi ** 0.5 sigma).
        wide = 0.005 / 0.01 / (12 * np.pi) ** 0.5 * (size[0] / size[1]) ** 0.5
        assert field.std() == pytest.approx(wide, rel=0.08)


def test_colours_that_are_left():
    ramp = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, -1)
    for severity, step in enumerate((8, 16, 32, 64, 128), 1):
        found = corrupted(ColorQuantization(), ramp, severity)
        np.testing.assert_array_equal(found, ramp // step * step)


def test_masks_hide_cells():
    before = flat(200, size=(40, 56), frames=400)
    kind = Mask(coherent=False)
    hidden = np.zeros(before.shape, bool)
    for severity, share in enumerate(kind.constants, 1):
        found = corrupted(kind, before, severity)
        assert set(np.unique(found)) == {0, 200}
        assert (found == 0).mean() == pytest.approx(share, abs=0.02)
        assert not found[hidden].any()
        hidden = found == 0
        cells = hidden.reshape(400, 8, 5, 8, 7, 3)
        assert (cells == cells[:, :, :1, :, :1, :1]).all()
