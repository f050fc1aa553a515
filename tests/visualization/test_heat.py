"""Maps over frames."""

import numpy as np

from mmrobust.visualization.heat import HEIGHT, STILL, chosen, heat_sheet, overlaid


def frames(count: int, level: int = 100) -> np.ndarray:
    return np.full((count, 20, 30, 3), level, np.uint8)


def test_what_speaks_for_the_score_is_coloured_and_the_rest_stays_grey():
    heat = np.zeros((2, 20, 30), np.float32)
    heat[1, 5:9, 5:9] = 3
    heat[0, 5:9, 5:9] = -3
    found = overlaid(frames(2), heat)
    assert found.shape == (2, 20, 30, 3)
    assert (found[0] == 80).all()
    assert (found[1, :5] == 80).all()
    red, _, blue = found[1, 6, 6].astype(int)
    assert red > 200 > blue


def test_the_scale_is_that_of_the_largest_values_whatever_their_size():
    heat = np.random.default_rng(0).random((3, 20, 30), dtype=np.float32)
    assert np.array_equal(overlaid(frames(3), heat), overlaid(frames(3), 1000 * heat))
    # A map that is nothing, or nothing but negative, colours nothing.
    assert (overlaid(frames(3), 0 * heat) == 80).all()
    assert (overlaid(frames(3), -heat) == 80).all()


def test_frames_are_taken_from_the_whole_time():
    assert chosen(3) == [0, 1, 2]
    assert chosen(16) == [0, 3, 6, 9, 12, 15]
    assert chosen(1) == [0]


def test_a_sheet_of_a_video_has_a_row_for_each_side_of_each_method():
    heat = np.ones((8, 20, 30), np.float32)
    maps = {'gradient': heat, 'occlusion': heat}
    one = heat_sheet({'clean': (frames(8), maps)})
    two = heat_sheet({'clean': (frames(8), maps), 'adversarial': (frames(8), maps)})
    assert two.shape[0] == 2 * one.shape[0] > 6 * HEIGHT
    assert two.shape[1] == one.shape[1] >= 6 * HEIGHT * 30 // 20


def test_a_sheet_of_a_picture_has_a_row_for_each_side():
    heat = np.ones((1, 20, 30), np.float32)
    sides = {side: (frames(1), {'gradient': heat}) for side in ('clean', 'adversarial')}
    found = heat_sheet(sides)
    assert 2 * STILL < found.shape[0] < 2.5 * STILL
    assert 2 * STILL * 30 // 20 <= found.shape[1] < 2.2 * STILL * 30 // 20
