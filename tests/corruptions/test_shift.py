"""Pictures that are moved and stretched: a dot shows where."""

import numpy as np
import pytest

from mmrobust.corruptions import Clip, Draws, Larger, Narrower, Shake, Smaller, Wider

KINDS = {kind.name: kind for kind in (Larger(), Narrower(), Shake(), Smaller(), Wider())}
every = pytest.mark.parametrize('kind', KINDS.values(), ids=KINDS)
# Rows and columns.
SIZE = 81, 120


def dots(points: list[tuple[float, float]]) -> Clip:
    """A soft dot on black in each frame, at x and y."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    far = np.stack([(columns - x) ** 2 + (rows - y) ** 2 for x, y in points])
    dot = 255 * np.exp(-far / (2 * 2.0**2))
    return Clip(np.repeat(np.rint(dot).astype(np.uint8)[..., None], 3, -1))


def middle(frame: np.ndarray, near: np.ndarray) -> tuple[float, float]:
    """x and y of what is bright near a place; mirror images are further away."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    weights = frame[..., 0].astype(float)
    weights *= np.hypot(columns - near[0], rows - near[1]) < 13
    return (columns * weights).sum() / weights.sum(), (rows * weights).sum() / weights.sum()


@every
@pytest.mark.parametrize('severity', [1, 3, 5])
def test_points_go_where_the_pixels_go(kind, severity):
    # Not so far from the middle that one gets out of the frame.
    points = [(60, 40), (50, 45), (70, 31), (55, 30)]
    clip = dots(points)
    drawing = kind.draw(clip, Draws(1, kind.name, 0))
    frames = kind.apply(clip, drawing, severity)
    moved = kind.moved(np.array(points, float)[:, None], clip, drawing, severity)
    assert moved.shape == (4, 1, 2)
    for frame, (right,) in zip(frames, moved, strict=True):
        assert middle(frame, right) == pytest.approx(tuple(right), abs=0.1)
    assert kind.moves == 'known'


@pytest.mark.parametrize(
    ('kind', 'along', 'across'),
    [
        (Smaller(), 0.5, 0.5),
        (Larger(), 2, 2),
        (Narrower(), 0.5**0.5, 2**0.5),
        (Wider(), 2**0.5, 0.5**0.5),
    ],
    ids=lambda one: getattr(one, 'name', ''),
)
def test_lengths_from_the_middle(kind, along, across):
    clip = dots([(60, 40)] * 2)
    # The middle of 120 columns lies between two of them.
    points = np.array([[59.5, 40], [69.5, 44]])
    found = kind.moved(np.stack([points, points]), clip, None, 5)
    np.testing.assert_allclose(found[0], [[59.5, 40], [59.5 + 10 * along, 40 + 4 * across]])
    np.testing.assert_array_equal(found[0], found[1])
    mild = kind.moved(points[None], clip, None, 1)[0, 1] - points[0]
    np.testing.assert_allclose(mild, [10 * along**0.2, 4 * across**0.2])


@every
def test_points_of_several_persons(kind):
    clip = dots([(60, 40)] * 3)
    drawing = kind.draw(clip, Draws(1, kind.name, 0))
    points = np.random.default_rng(0).uniform(0, 80, (3, 2, 5, 2))
    together = kind.moved(points, clip, drawing, 4)
    assert together.shape == points.shape
    for person in range(2):
        alone = kind.moved(points[:, person], clip, drawing, 4)
        np.testing.assert_allclose(together[:, person], alone)


@every
def test_what_lies_outside_is_mirrored(kind):
    clip = Clip(np.full((2, *SIZE, 3), 90, np.uint8))
    for frames in kind.ladder(clip, Draws(0, kind.name, 0), range(1, 6)):
        assert (frames == 90).all()


@every
def test_points_move_further_at_each_severity(kind):
    clip = dots([(60, 40)] * 20)
    drawing = kind.draw(clip, Draws(0, kind.name, 0))
    points = np.random.default_rng(0).uniform(0, 80, (20, 7, 2))
    ways = [
        np.linalg.norm(kind.moved(points, clip, drawing, s) - points, axis=-1).mean()
        for s in range(1, 6)
    ]
    assert ways[0] > 0
    assert (np.diff(ways) > 0).all(), ways


@pytest.mark.parametrize(
    ('kind', 'severity', 'axis', 'left'),
    [(Smaller(), 4, 2, 20), (Narrower(), 5, 2, 40), (Wider(), 5, 1, 40)],
    ids=lambda one: getattr(one, 'name', ''),
)
def test_stripes_that_are_too_fine_turn_grey(kind, severity, axis, left):
    # Two pixels wide. Without a blur before, they beat with the pixels: nearly 60 are left.
    frames = np.zeros((1, 80, 80, 3), np.uint8)
    stripes = np.arange(80) % 2 * 200
    frames[:] = stripes[None, None, :, None] if axis == 2 else stripes[None, :, None, None]
    assert frames.std() == 100
    assert kind.apply(Clip(frames), None, severity)[:, 20:60, 20:60].std() < left


@pytest.mark.parametrize('kind', [Larger(), Smaller()], ids=lambda one: one.name)
def test_the_middle_keeps_its_colours(kind):
    rows, columns = np.mgrid[:60, :80]
    picture = np.stack([2 * rows, 2 * columns, 0 * rows + 70], -1).astype(np.uint8)
    found = kind.apply(Clip(picture[None]), None, 2)[0, 29:31, 39:41].astype(int)
    assert abs(found - picture[29:31, 39:41]).max() <= 2
