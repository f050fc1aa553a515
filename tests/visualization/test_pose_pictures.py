"""Panels, skeletons, relation maps and contact sheets of attacked persons."""

import numpy as np
import pytest
import torch

from mmrobust.visualization.lettering import LARGE, SMALL, caption_strip
from mmrobust.visualization.lifting_pictures import LiftingPictures
from mmrobust.visualization.panels import amplified, tiled
from mmrobust.visualization.pose_pictures import (
    HEIGHT,
    PANELS,
    WIDTH,
    PosePictures,
    relation_picture,
    resized,
    rgb,
    shown_joints,
)
from mmrobust.visualization.stills import decoded, encoded, write_contact_sheet

GREEN = (0, 255, 0)
# Three joints of one colour, the first two joined by a line.
METAINFO = {
    'keypoint_id2name': {0: 'nose', 1: 'hand', 2: 'foot'},
    'keypoint_name2id': {'nose': 0, 'hand': 1, 'foot': 2},
    'keypoint_colors': np.array([GREEN] * 3),
    'skeleton_links': [(0, 1)],
    'skeleton_link_colors': np.array([GREEN]),
}
STRIP = 37


def grey(height=80, width=64, value=100):
    return np.full((height, width, 3), value, np.uint8)


def is_green(picture):
    return (picture[..., 1].astype(int) - picture[..., 0]) > 60


def test_joints_are_drawn_where_they_are():
    pictures = PosePictures(METAINFO)
    found = is_green(pictures.drawn(grey(), [[10, 20], [30, 20], [50, 60]]))
    assert found.shape == (320, 256)
    # Centres of pixels stay centres, 4 pixels to the crop's one.
    for x, y in ((10, 20), (30, 20), (50, 60), (20, 20)):
        assert found[round(4 * (y + 0.5) - 0.5), round(4 * (x + 0.5) - 0.5)]
    assert not found[: 4 * 18].any()
    assert not found[4 * 23 : 4 * 58].any()


def test_several_persons_are_drawn_and_no_line_joins_them():
    pictures = PosePictures(METAINFO)
    joints = [[5, 5], [15, 5], [5, 12], [5, 70], [15, 70], [5, 60]]
    found = is_green(pictures.drawn(grey(), joints))
    assert found[4 * 5 + 2, 4 * 10]
    assert found[4 * 70 + 2, 4 * 10]
    assert not found[4 * 20 : 4 * 50].any()


def test_pictures_are_reduced_and_their_joints_with_them():
    large = grey(900, 1280)
    assert resized(large).shape == (450, WIDTH, 3)
    found = is_green(PosePictures(METAINFO).drawn(large, [[400, 600], [440, 600], [900, 100]]))
    assert found[300, 200]
    assert found[50, 450]
    assert resized(grey(50, 400)).shape == (50, 400, 3)
    assert resized(grey(HEIGHT, 100)).shape == (HEIGHT, 100, 3)


def test_a_sample_has_its_panels_in_rows_of_three_with_the_factor_named(monkeypatch):
    titles = []
    monkeypatch.setattr(
        'mmrobust.visualization.pose_pictures.tiled',
        lambda panels, columns, size: titles.extend(t for t, _ in panels) or (columns, size),
    )
    clean, changed = grey(), grey()
    changed[:40] += 8
    joints = [[10, 20], [30, 20], [50, 60]]
    poses = {'clean': (clean, joints), 'adversarial': (changed, joints)}
    maps = torch.zeros(3, 80, 64)
    maps[1, 4, 4] = 1
    pictures = PosePictures(METAINFO)
    assert pictures.sample((clean, changed), poses, maps) == (3, LARGE)
    expected = ['clean', 'adversarial', 'difference × 8']
    assert titles == [*expected, 'relation: nose', 'relation: hand', 'relation: foot']
    titles.clear()
    pictures.sample((clean, changed), poses | {'target': (clean, joints)}, maps)
    assert titles == [*expected, 'target', 'relation: nose', 'relation: foot']
    assert len(titles) == PANELS
    titles.clear()
    pictures.sample((clean, changed), poses)
    assert titles == expected
    titles.clear()
    twice = {name: (crop, joints * 2) for name, (crop, _) in poses.items()}
    pictures.sample((clean, changed), twice, maps.repeat(2, 1, 1))
    # Two joints of six depend on a pixel, too few for three panels.
    people = ['nose, person 1', 'foot, person 1', 'foot, person 2']
    assert titles[3:] == [f'relation: {name}' for name in people]


def test_titles_grow_with_the_pictures(tmp_path):
    joints = [[10, 20], [30, 20], [50, 60]]
    wide = grey(200, 640)
    poses = {'clean': (wide, joints), 'adversarial': (wide, joints)}
    picture = PosePictures(METAINFO).sample((wide, wide), poses)
    strip = round(24 * 50 / 13)
    assert picture.shape == (strip + 200, 3 * 640 + 8, 3)
    write_contact_sheet(tmp_path / 'sheet.png', [('name', 'fooled', picture)])
    sheet = decoded((tmp_path / 'sheet.png').read_bytes())
    # Half of a page of 2100 pixels, less half of the gap.
    half = 1048
    strips = round(24 * round(half / 37) / 13) + 2 * round(24 * round(half / 44) / 13)
    assert sheet.shape == (strips + round(picture.shape[0] * half / 1928), half, 3)
    write_contact_sheet(tmp_path / 'sheet.png', [('name', 'fooled', picture)] * 3)
    assert decoded((tmp_path / 'sheet.png').read_bytes()).shape[1] == 2100


def test_the_panel_of_the_change_is_amplified_by_the_factor_in_its_title():
    clean, changed = grey(), grey()
    changed[:40] += 8
    joints = [[10, 20], [30, 20], [50, 60]]
    poses = {'clean': (clean, joints), 'adversarial': (changed, joints)}
    picture = PosePictures(METAINFO).sample((clean, changed), poses)
    assert picture.shape == (STRIP + 320, 3 * 256 + 2 * 4, 3)
    change = picture[STRIP:, -256:]
    assert np.unique(change[:160]).tolist() == [128 + 8 * 8]
    assert np.unique(change[160:]).tolist() == [128]
    double = PosePictures(METAINFO).sample((clean, changed), poses, factor=3)
    assert np.unique(double[STRIP : STRIP + 160, -256:]).tolist() == [128 + 3 * 8]


def test_crops_are_read_as_blue_green_red():
    crop = torch.tensor([10, 20, 30], dtype=torch.uint8)[:, None, None].expand(3, 2, 5)
    assert rgb(crop).shape == (2, 5, 3)
    assert rgb(crop)[0, 0].tolist() == [30, 20, 10]


def test_relations_are_red_and_blue_and_the_rest_is_dim():
    crop = np.full((2, 3, 3), 100, np.uint8)
    picture = relation_picture(crop, torch.tensor([[1.0, -1.0, 0.0], [0.25, 0.0, 0.0]]))
    assert tuple(picture[0, 0]) == (255, 80, 60)
    assert tuple(picture[0, 1]) == (80, 150, 255)
    assert tuple(picture[0, 2]) == (35, 35, 35)
    # Half of the way: the root of a quarter.
    assert tuple(picture[1, 0]) == (145, 58, 48)


def test_joints_that_depend_on_nothing_are_not_shown():
    maps = torch.zeros(6, 2, 2)
    maps[[1, 3, 4, 5], 0, 1] = -0.5
    assert shown_joints(maps, 3) == [1, 4, 5]
    assert shown_joints(maps, 2) == [1, 5]
    assert shown_joints(torch.zeros(5, 2, 2), 3) == [0, 2, 4]
    assert shown_joints(torch.zeros(2, 2, 2), 3) == [0, 1]


def test_pictures_of_any_shape_fill_rows():
    red, blue = grey(10, 30, 200), grey(20, 12, 90)
    sheet = tiled([('one', red), ('two', blue), ('', red)], 2, LARGE)
    assert sheet.shape == (2 * (STRIP + 20 + 4) - 4, 2 * 34 - 4, 3)
    assert (sheet[STRIP : STRIP + 10, :30] == 200).all()
    assert (sheet[STRIP : STRIP + 20, 34:46] == 90).all()
    assert (sheet[STRIP : STRIP + 20, 46:] == 255).all()
    second = STRIP + 20 + 4
    assert (sheet[second + STRIP : second + STRIP + 10, :30] == 200).all()
    assert tiled([('one', red)], 5, LARGE).shape == (STRIP + 10, 30, 3)


@pytest.mark.parametrize('size', [SMALL, LARGE])
@pytest.mark.parametrize('width', [1, 9, 300])
def test_captions_keep_to_their_width(size, width):
    long, short = caption_strip('x' * 300, width, size), caption_strip('x', width, size)
    assert long.shape == short.shape == (round(24 * size / 13), width, 1)
    assert caption_strip('a\nb', 300, size).tolist() == caption_strip('a b', 300, size).tolist()
    if width != 9:  # where a small letter fits, and a large one is cut
        assert (short.max() > 200) == (width == 300)


def test_captions_of_several_lines_lose_no_word():
    def strip(text, lines):
        return caption_strip(text, 90, lines=lines, printed=True)[..., 0]

    both = strip('clean adversarial', 2)
    assert both.shape == (48, 90)
    np.testing.assert_array_equal(both[:24], strip('clean', 1))
    np.testing.assert_array_equal(both[24:], strip('adversarial', 1))
    np.testing.assert_array_equal(strip('a', 2)[:24], strip('a', 1))
    assert (strip('a', 2)[24:] == 255).all()
    # One word that has no room is cut; the next still has its line.
    np.testing.assert_array_equal(strip('x' * 99 + ' b', 2)[24:], strip('b', 1))
    assert (strip('', 3) == 255).all()


def test_the_amplified_change_is_exact_and_refuses_unequal_shapes():
    title, change = amplified(grey()[None], (grey() - 5)[None], 3)
    assert title == 'difference × 3'
    assert np.unique(change).tolist() == [128 - 15]
    with pytest.raises(ValueError, match='adversarial must have the shape of clean'):
        amplified(grey()[None], grey(9)[None])


def test_contact_sheet_holds_every_sample(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (3, 20, 60, 3), dtype=np.uint8)
    samples = [(f'name {i}', 'fooled', picture) for i, picture in enumerate(noise)]
    path = tmp_path / 'new' / 'sheet.png'
    write_contact_sheet(path, samples)
    sheet = decoded(path.read_bytes())
    top, height = 24 + 2 * 24, 24 + 2 * 24 + 20 + 4
    assert sheet.shape == (2 * height - 4, 2 * 64 - 4, 3)
    np.testing.assert_array_equal(sheet[top : top + 20, :60], noise[0])
    np.testing.assert_array_equal(sheet[top : top + 20, 64:124], noise[1])
    np.testing.assert_array_equal(sheet[height + top : height + top + 20, :60], noise[2])
    np.testing.assert_array_equal(decoded(encoded(noise[0])), noise[0])


@pytest.mark.parametrize('nowhere', [np.nan, np.inf, -np.inf, 1e30])
def test_joints_that_are_nowhere_are_left_out_and_the_others_drawn(nowhere):
    pictures = PosePictures(METAINFO)
    joints = [[10, 20], [30, 20], [50, 60]]
    for axis in (0, 1):
        broken = [list(place) for place in joints]
        broken[1][axis] = nowhere
        found = is_green(pictures.drawn(grey(), broken))
        assert found[82, 42]
        assert found[242, 202]
        # Neither the joint nor the line to it is there; nor is it drawn in the corner.
        assert not found[82, 60:].any()
        assert not found[:20, :20].any()
    every = pictures.drawn(grey(), [[nowhere, nowhere]] * 3)
    assert np.array_equal(every, resized(grey()))


@pytest.mark.slow
def test_lifted_joints_that_are_nowhere_are_left_out():
    pictures = LiftingPictures({'skeleton_links': [(0, 1), (1, 2)]})
    flat = np.array([[10.0, 20.0], [30.0, 20.0], [50.0, 60.0]])
    deep = np.array([[0.0, 0.0, 1.0], [0.2, 0.0, 1.1], [0.4, 0.3, 1.2]])
    gone, lost = flat.copy(), deep.copy()
    gone[1], gone[2], lost[1, 2], lost[2, 1] = np.inf, np.nan, 1e30, -np.inf
    found = pictures.sample((flat, gone), (deep, lost))
    # The axes are those of the joints that are somewhere, as if there were no other.
    gone[1:], lost[1:] = np.nan, np.nan
    assert np.array_equal(found, pictures.sample((flat, gone), (deep, lost)))
    nothing = pictures.sample((gone * np.nan, gone * np.nan), (lost * np.nan, lost * np.nan))
    assert nothing.shape == found.shape
