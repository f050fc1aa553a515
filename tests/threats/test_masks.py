"""Masks: nothing outside, the whole budget inside, any nesting."""

import pytest
import torch

from mmrobust.functional.randomness import SampleRandom
from mmrobust.registry import THREATS
from mmrobust.threats import L2, FrameMask, Linf, PixelMask

SHAPE = (3, 3, 5, 7, 9)
PIXELS = torch.randint(50, 200, SHAPE, generator=torch.Generator().manual_seed(0)).double()
NOISE = torch.randn(SHAPE, generator=torch.Generator().manual_seed(1)).double()


def _where(frames=(0, 1, 2, 3, 4), box=(0, 0, 7, 9)):
    top, left, bottom, right = box
    mask = torch.zeros(SHAPE, dtype=torch.bool)
    for frame in frames:
        mask[:, :, frame, top:bottom, left:right] = True
    return mask


BOX = (1, 2, 6, 4)
MASKS = {
    'frames': (lambda ball: FrameMask(ball, [0, 3]), _where([0, 3])),
    'box': (lambda ball: PixelMask(ball, BOX), _where(box=BOX)),
    'box in frames': (lambda ball: FrameMask(PixelMask(ball, BOX), (4,)), _where([4], BOX)),
    'frames in box': (lambda ball: PixelMask(FrameMask(ball, (4,)), BOX), _where([4], BOX)),
    'frames twice': (lambda ball: FrameMask(FrameMask(ball, [1, 2]), [2, 3]), _where([2])),
}


@pytest.fixture(params=MASKS)
def mask(request):
    return MASKS[request.param]


@pytest.fixture(params=[Linf(6.375), L2(60)], ids=['linf', 'l2'])
def ball(request):
    return request.param


def _length(delta):
    return delta.flatten(1).norm(dim=1)


def test_nothing_outside(mask, ball):
    threat, inside = mask[0](ball), mask[1]
    rng = SampleRandom.from_seeds([1, 2, 3])
    projected = threat.project(PIXELS + 20 * NOISE, PIXELS)
    moved = [threat.random(PIXELS, rng), projected, threat.quantize(projected, PIXELS)]
    for candidate in moved:
        assert torch.equal(candidate[~inside], PIXELS[~inside])
        assert (candidate != PIXELS)[inside].any()
        assert (threat.distance(candidate, PIXELS) <= threat.eps * (1 + 1e-9)).all()
        torch.testing.assert_close(
            threat.distance(candidate, PIXELS), ball.distance(candidate, PIXELS)
        )
    assert not threat.steepest(NOISE)[~inside].any()
    assert threat.eps == ball.eps


def test_the_whole_budget_inside(mask, ball):
    threat, inside = mask[0](ball), mask[1]
    projected = threat.project(PIXELS + 100 * NOISE, PIXELS)
    expected = ball.project(torch.where(inside, PIXELS + 100 * NOISE, PIXELS), PIXELS)
    torch.testing.assert_close(projected, expected)
    steepest = threat.steepest(NOISE)
    if isinstance(ball, L2):
        torch.testing.assert_close(_length(projected - PIXELS), torch.full((3,), 60.0).double())
        torch.testing.assert_close(_length(steepest), torch.ones(3).double())
    else:
        assert torch.equal(steepest[inside], NOISE[inside].sign())


def test_a_change_outside_is_infinitely_far(mask, ball):
    threat, inside = mask[0](ball), mask[1]
    candidate = PIXELS.clone()
    candidate[1][~inside[1]] += 1e-3
    assert threat.distance(candidate, PIXELS).isinf().tolist() == [False, True, False]


def test_another_budget_has_the_same_mask(mask, ball):
    threat, inside = mask[0](ball).resized(2), mask[1]
    assert threat.eps == 2
    candidate = PIXELS + 100 * NOISE
    expected = type(ball)(2).project(torch.where(inside, candidate, PIXELS), PIXELS)
    torch.testing.assert_close(threat.project(candidate, PIXELS), expected)


@pytest.mark.parametrize('step', [0.5, 2.5])
def test_the_budget_holds_for_any_step(mask, ball, step):
    threat, inside = mask[0](ball), mask[1]
    candidate = threat.project(PIXELS + 100 * NOISE, PIXELS)
    steps = (threat.on_grid(candidate, PIXELS, step) - PIXELS) / step
    assert torch.equal(steps, steps.round())
    assert not steps[~inside].any()
    assert (steps.flatten(1) != 0).any(dim=1).all()
    assert (ball.distance(PIXELS + step * steps, PIXELS) <= ball.eps).all()
    if isinstance(ball, Linf):
        assert float(steps.abs().max()) == ball.eps // step


@pytest.mark.parametrize(
    ('build', 'message'),
    [
        (lambda: FrameMask(frames=[]), r'frames must be a list of indices >= 0, got \[\]'),
        (lambda: FrameMask(frames=[-1]), r'frames must be a list of indices >= 0, got \[-1\]'),
        (lambda: FrameMask(frames=[0.5]), r'frames must be a list of indices >= 0, got \[0.5\]'),
        (lambda: FrameMask(frames=3), 'frames must be a list of indices >= 0, got 3'),
        (lambda: PixelMask(box=(0, 0, 5)), r'box must be .* got \(0, 0, 5\)'),
        (lambda: PixelMask(box=(3, 0, 3, 5)), r'box must be .* got \(3, 0, 3, 5\)'),
        (lambda: PixelMask(box=(0, -1, 3, 5)), r'box must be .* got \(0, -1, 3, 5\)'),
        (lambda: PixelMask(box=(0, 0, 3, 5.5)), r'box must be .* got \(0, 0, 3, 5.5\)'),
        (lambda: PixelMask(box=7), 'box must be .* got 7'),
        (lambda: FrameMask(threat=8.0), 'threat must be a threat, got 8.0'),
        (lambda: PixelMask(threat='L2'), "threat must be a threat, got 'L2'"),
    ],
)
def test_bad_masks_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize(
    ('threat', 'message'),
    [
        (FrameMask(frames=[2, 5]), r'frames must be below the 5 frames, got \[2, 5\]'),
        (PixelMask(box=(0, 0, 8, 3)), r'box must be inside the 7 x 9 frame, got \(0, 0, 8, 3\)'),
        (PixelMask(box=(0, 0, 3, 10)), r'box must be inside the 7 x 9 frame'),
        (PixelMask(FrameMask(frames=[5]), box=(0, 0, 3, 3)), 'frames must be below'),
    ],
)
def test_masks_that_do_not_fit_are_refused(threat, message):
    with pytest.raises(ValueError, match=message):
        threat.check(PIXELS)


def test_frames_need_a_clip():
    with pytest.raises(ValueError, match=r'pixels must be a clip .* got \(3, 3, 7, 9\)'):
        FrameMask().check(PIXELS[:, :, 0])


@pytest.mark.parametrize('build', [build for build, _ in MASKS.values()], ids=MASKS)
def test_description_builds_the_same_threat(build, ball):
    threat = build(ball)
    rebuilt = THREATS.build(threat.describe())
    assert rebuilt.describe() == threat.describe()
    candidate = PIXELS + 20 * NOISE
    assert torch.equal(rebuilt.project(candidate, PIXELS), threat.project(candidate, PIXELS))
