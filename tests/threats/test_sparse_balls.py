"""l_1 and l_0: the nearest point of ball and range, whole levels inside, counts that hold."""

import itertools
import math

import pytest
import torch

from mmrobust.functional.randomness import SampleRandom
from mmrobust.registry import THREATS
from mmrobust.threats import L0, L1, L2, FrameMask, Linf, PixelMask

SHAPE = (3, 3, 5, 7, 9)  # N equals C
BOUNDS = (0.0, 255.0)
UNITS = ('value', 'pixel', 'frame')


def _randn(shape=SHAPE, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).double()


def _pixels(shape=SHAPE, low=0, high=256):
    return torch.randint(low, high, shape, generator=torch.Generator().manual_seed(9)).double()


def _count(delta, unit):
    """Written out, one sample after another."""
    found = []
    for one in delta:
        changed = one != 0
        if unit == 'pixel':
            changed = changed.any(dim=0)
        if unit == 'frame':
            changed = torch.stack([changed[:, t].any() for t in range(one.shape[1])])
        found.append(int(changed.sum()))
    return found


@pytest.mark.parametrize('eps', [0, 0.5, 300, 5000])
def test_l1_next_to_a_candidate_is_inside_ball_and_range(eps):
    threat, pixels = L1(eps), _pixels()
    candidate = pixels + 200 * _randn()
    found = threat.project_inside(candidate, pixels, BOUNDS)
    assert (threat.distance(found, pixels) <= eps * (1 + 1e-9)).all()
    assert 0 <= float(found.min()) <= float(found.max()) <= 255
    away = (candidate - found).flatten(1).norm(dim=1)
    clamped = threat.project(candidate, pixels).clamp(*BOUNDS)
    assert (away <= (candidate - clamped).flatten(1).norm(dim=1) + 1e-9).all()
    # No budget is left where a cut value could not take it.
    assert (threat.distance(found, pixels) >= eps * (1 - 1e-9)).all()
    # Nor is any point nearer on the way to another member.
    for seed in range(20):
        other = threat.project_inside(pixels + 300 * _randn(seed=seed + 1), pixels, BOUNDS)
        for share in (1e-3, 0.1, 1.0):
            there = found + share * (other - found)
            assert (away <= (candidate - there).flatten(1).norm(dim=1) + 1e-9).all()


def test_a_value_at_its_end_takes_nothing_of_l1():
    pixels = torch.tensor([255.0, 100.0, 0.0]).reshape(1, 3, 1, 1, 1)
    candidate = torch.tensor([300.0, 150.0, -40.0]).reshape(pixels.shape)
    found = L1(30).project_inside(candidate, pixels, BOUNDS)
    assert found.flatten().tolist() == [255, 130, 0]


@pytest.mark.parametrize('length', [1.0, 30.0, 700.0])
@pytest.mark.parametrize('share', [1e-9, 0.02, 1.0])
def test_a_step_of_l1_fills_the_room_that_there_is(length, share):
    gradient, pixels, threat = _randn(), _pixels(), L1(5, share=share)
    pixels[0, 0] = torch.where(gradient[0, 0] > 0, 255.0, 0.0).double()
    lengths = torch.full((3,), length).double()
    step = length * threat.steepest_inside(gradient, pixels, BOUNDS, lengths)
    most = length / max(math.ceil(share * 945), 1)
    for row in range(3):
        # Value after value, the best first.
        left, slope = length, gradient[row].flatten()
        for place in slope.abs().argsort(descending=True).tolist():
            here = float(pixels[row].flatten()[place])
            taken = min(left, most, 255 - here if slope[place] > 0 else here)
            expected = math.copysign(taken, slope[place])
            assert float(step[row].flatten()[place]) == pytest.approx(expected, abs=1e-9)
            left -= taken
    there = pixels + step
    assert 0 <= float(there.min()) <= float(there.max()) <= 255 + 1e-9
    for other in (Linf(5), L2(5)):
        found = other.steepest_inside(gradient, pixels, BOUNDS, lengths)
        assert torch.equal(found, other.steepest(gradient))


def test_a_step_of_l1_stays_in_its_mask_and_needs_a_gradient():
    gradient, pixels = _randn(), _pixels(low=50, high=200)
    gradient[1] = 0
    threat, lengths = FrameMask(L1(5, share=0.02), [1]), torch.full((3,), 9.0).double()
    for lengths in (torch.full((3,), 9.0).double(), torch.zeros(3).double()):
        step = threat.steepest_inside(gradient, pixels, BOUNDS, lengths)
        assert step.isfinite().all()
        assert not step[:, :, [0, 2, 3, 4]].any()
        assert step.flatten(1).any(dim=1).tolist() == [True, False, True]


def test_a_step_of_l1_changes_its_share_of_the_values():
    assert _count(L1(5, share=0.1).steepest(_randn()), 'value') == [95] * 3
    assert _count(L1(5).steepest(_randn()), 'value') == [10] * 3
    # A mask's values are a share of the clip's.
    inside = FrameMask(L1(5), [1]).steepest(_randn())
    assert _count(inside, 'value') == [10] * 3
    assert _count(inside, 'frame') == [1] * 3


@pytest.mark.parametrize('unit', UNITS)
@pytest.mark.parametrize('eps', [0, 0.9, 1, 3.7, 1000])
@pytest.mark.parametrize('limit', [None, 8.5])
def test_l0_counts_hold_everywhere(unit, eps, limit):
    threat, pixels = L0(eps, unit, limit), _pixels()
    candidate = pixels + 40 * _randn() * (_randn(seed=2) > 1)
    near = threat.project_inside(candidate, pixels, BOUNDS)
    moved = [near, threat.project(candidate, pixels), threat.quantize(near, pixels)]
    moved += [
        threat.on_grid(near, pixels, 0.5),
        threat.random(pixels, SampleRandom.from_seeds([1, 2, 3])),
    ]
    wanted = _count(candidate - pixels, unit)
    for found in moved:
        counts = _count(found - pixels, unit)
        assert max(counts) <= eps
        assert threat.distance(found, pixels).tolist() == counts
        assert float((found - pixels).abs().max()) <= (limit or 1e9) + 1e-9
    assert _count(near - pixels, unit) == [min(math.floor(eps), n) for n in wanted]
    assert torch.equal(threat.quantize(near, pixels), threat.quantize(near, pixels).round())
    assert torch.equal(threat.project_inside(near, pixels, BOUNDS), near)
    torch.testing.assert_close(threat.project(pixels, pixels), pixels)


@pytest.mark.parametrize('unit', UNITS)
@pytest.mark.parametrize('limit', [None, 6.0])
@pytest.mark.parametrize('eps', [1, 2])
def test_l0_next_to_a_candidate_is_the_best_choice_of_all(unit, limit, eps):
    shape = (2, 2, 3, 1, 2)
    threat, pixels = L0(eps, unit, limit), _pixels(shape)
    pixels[0, :, 0] = 250.0  # half of the range is out of reach
    candidate = pixels + 30 * _randn(shape)
    found = threat.project_inside(candidate, pixels, BOUNDS)
    size = 1e9 if limit is None else limit
    cut = (pixels + (candidate - pixels).clamp(-size, size)).clamp(*BOUNDS)
    places = {
        'value': [torch.tensor(x) for x in itertools.product(range(2), range(3), [0], range(2))],
        'pixel': [torch.tensor(x) for x in itertools.product(range(3), [0], range(2))],
        'frame': [torch.tensor([t]) for t in range(3)],
    }[unit]
    for row in range(2):
        nearest = math.inf
        for chosen in itertools.combinations(places, eps):
            tried = pixels[row].clone()
            for place in chosen:
                at = [slice(None)] * 4
                start = 0 if unit == 'value' else 1
                for axis, index in enumerate(place.tolist()):
                    at[start + axis] = index
                tried[tuple(at)] = cut[row][tuple(at)]
            nearest = min(nearest, float((candidate[row] - tried).norm()))
        assert float((candidate[row] - found[row]).norm()) == pytest.approx(nearest)


@pytest.mark.parametrize('unit', UNITS)
def test_l0_steps_go_where_a_level_gains_most(unit):
    gradient = _randn()
    gradient[1] = 0
    step = L0(5, unit).steepest(gradient)
    assert _count(step, unit) == [1, 0, 1]
    gained = (gradient * step).flatten(1).sum(dim=1)
    sums = {
        'value': gradient.abs().flatten(1),
        'pixel': gradient.abs().sum(dim=1).flatten(1),
        'frame': gradient.abs().sum(dim=(1, 3, 4)),
    }[unit]
    torch.testing.assert_close(gained, sums.amax(dim=1))
    assert step.abs().unique().tolist() == [0, 1]


def test_random_members_of_l0_have_values_of_the_clip():
    pixels = _pixels(low=100, high=120)
    members = L0(40).random(pixels, SampleRandom.from_seeds([1, 2, 3]))
    assert 100 <= float(members.min()) <= float(members.max()) < 120
    assert min(_count(members - pixels, 'value')) >= 35
    frames = L0(2, 'frame', 4).random(pixels, SampleRandom.from_seeds(range(3)))
    assert _count(frames - pixels, 'frame') == [2] * 3
    assert float((frames - pixels).abs().max()) == 4
    places = {
        tuple((f - p).abs().sum(dim=(0, 2, 3)).nonzero().flatten().tolist())
        for f, p in zip(frames, pixels, strict=True)
    }
    assert len(places) > 1


def test_random_members_of_l0_use_the_range_of_the_whole_sample():
    # Two values alone are not 100: whoever took the range of a channel, or of a place, moves none.
    pixels = torch.full((2, 3, 4, 5, 5), 100.0)
    pixels[:, 0, 0, 0, 0], pixels[:, 1, 2, 3, 4] = 0, 255
    members = L0(200).random(pixels, SampleRandom.from_seeds([1, 2]))
    assert min(_count(members - pixels, 'value')) >= 190


def test_a_change_just_beyond_the_limit_is_outside_of_l0():
    pixels, threat = torch.full((3, 1, 1, 2, 2), 100.0).double(), L0(4, limit=8)
    moved = pixels.clone()
    moved[:, 0, 0, 0, 0] += torch.tensor([8.0, 8 + 1e-6, 8.01])
    assert threat.distance(moved, pixels).tolist() == [1, 1, torch.inf]


def test_masks_restrict_the_choice_of_l0():
    pixels, candidate = _pixels(), _pixels() + 40 * _randn()
    threat = FrameMask(L0(3, 'pixel'), [1, 4])
    assert threat.counts
    assert not FrameMask(Linf(3)).counts
    for found in (
        threat.project(candidate, pixels),
        threat.project_inside(candidate, pixels, BOUNDS),
        threat.on_grid(candidate, pixels, 0.25),
    ):
        assert _count(found - pixels, 'pixel') == [3] * 3
        assert not (found - pixels)[:, :, [0, 2, 3]].any()
    assert threat.distance(candidate, pixels).isinf().all()
    inside = PixelMask(L0(2, 'frame'), (1, 2, 3, 4)).project(candidate, pixels)
    assert _count(inside - pixels, 'frame') == [2] * 3
    assert not (inside - pixels)[..., 4:].any()


@pytest.mark.parametrize(
    ('threat', 'most'),
    [
        (L1, 255 * 945),
        (L0, 945),
        (lambda eps: L0(eps, 'pixel'), 315),
        (lambda eps: L0(eps, 'frame'), 5),
        (lambda eps: FrameMask(L0(eps, 'frame'), [1, 3]), 2),
    ],
)
def test_budgets_end_with_all_there_is(threat, most):
    pixels = _pixels()
    threat(most).check_range(pixels, BOUNDS)
    threat(0.5).check_range(pixels, BOUNDS)
    with pytest.raises(ValueError, match=f'threat.eps must be at most {most:g}'):
        threat(most + 1).check_range(pixels, BOUNDS)


@pytest.mark.parametrize(
    ('build', 'message'),
    [
        (lambda: L0(-1), 'eps must be a finite number >= 0, got -1'),
        (lambda: L0(math.nan), 'eps must be a finite number >= 0, got nan'),
        (lambda: L0(unit='clip'), "unit must be one of value, pixel, frame, got 'clip'"),
        (lambda: L0(limit=0), 'limit must be None or a finite number > 0, got 0'),
        (lambda: L1(share=0), r'share must be a number in \(0, 1\], got 0'),
        (lambda: L1(share=1.5), r'share must be a number in \(0, 1\], got 1.5'),
    ],
)
def test_bad_options_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_what_has_no_frames_or_no_bounds_is_refused():
    pictures = _pixels()[:, :, 0]
    with pytest.raises(ValueError, match=r'pixels must be a clip .* got \(3, 3, 7, 9\)'):
        L0(1, 'frame').check(pictures)
    L0(1, 'pixel').check(pictures)
    for threat in (L0(3), FrameMask(L0(3))):
        with pytest.raises(ValueError, match='threat must be one of a norm for a victim whose'):
            threat.check_range(_pixels(), (-math.inf, math.inf))


@pytest.mark.parametrize('threat', [L1(7, share=0.2), L0(3, 'frame', 9.0), FrameMask(L0(3), [1])])
def test_descriptions_build_the_same_threat(threat):
    assert THREATS.build(threat.describe()) == threat
