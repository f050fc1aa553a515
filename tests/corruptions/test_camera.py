"""Where frames move to when they are turned and pushed."""

import numpy as np
import pytest

from mmrobust.corruptions import Clip, RandomRotation, StaticRotation, Translation
from tests.corruptions.clips import block, centroid, corrupted, draws, flat

KINDS = [
    StaticRotation(),
    RandomRotation(),
    RandomRotation(coherent=False),
    Translation(),
    Translation(coherent=False),
]


@pytest.mark.parametrize('kind', KINDS, ids=str)
@pytest.mark.parametrize('size', [(96, 120), (101, 97)])
def test_a_point_goes_where_it_is_said_to(kind, size):
    clip = Clip(block(57, 52, size, frames=3))
    drawing = kind.draw(clip, draws(kind))
    points = np.full((3, 1, 2), (57.0, 52.0))
    places = []
    for severity in range(1, 6):
        frames = kind.apply(clip, drawing, severity)
        moved = kind.moved(points, clip, drawing, severity)
        assert moved.shape == points.shape
        for frame, ((place),) in zip(frames, moved, strict=True):
            assert np.hypot(*(centroid(frame) - place)) < 0.5
        places.append(moved)
    still = getattr(kind, 'coherent', True)
    assert all((one == one[:1]).all() for one in places) == still


def test_static_rotation_turns_the_square_by_a_quarter_to_the_left():
    picture = np.random.default_rng(0).integers(0, 256, (1, 20, 20, 3), dtype=np.uint8)
    np.testing.assert_array_equal(corrupted(StaticRotation(), picture, 5)[0], np.rot90(picture[0]))
    clip = Clip(picture)
    moved = StaticRotation().moved(np.array([[[3.0, 5.0], [19.0, 0.0]]]), clip, None, 5)
    np.testing.assert_allclose(moved, [[[5, 16], [0, 0]]], atol=1e-9)
    turned = corrupted(StaticRotation(), flat(9, size=(20, 20)), 4)
    assert not turned[:, [0, 0, -1, -1], [0, -1, 0, -1]].any()


def test_random_rotation_takes_all_whole_degrees_up_to_the_most():
    kind = RandomRotation()
    for severity, most in enumerate((7, 13, 19, 25, 31), 1):
        shares = (np.arange(2 * most + 1) + 0.5) / (2 * most + 1)
        found = [kind._degrees(one, severity) for one in (0.0, *shares, 1 - 1e-12)]
        assert found == [-most, *range(-most, most + 1), most]


def test_translation_takes_all_whole_steps_up_to_the_most_and_leaves_black():
    kind, clip = Translation(), Clip(flat(9, size=(50, 60)))
    for severity, most in enumerate((8, 16, 24, 32, 40), 1):
        frames = kind.apply(clip, (np.array([1 - 1e-12, 0.5]),), severity)
        rows, columns = np.nonzero(frames[0, ..., 0])
        assert (columns.max(), rows.max()) == (59 - most, 49 - (most + 1) // 2)
        np.testing.assert_array_equal(kind.apply(clip, (np.zeros(2),), severity), clip.frames)
