"""Kinds of cues on embedded videos: what is exchanged, and that nothing else is."""

import random
import re

import numpy as np
import pytest
import torch
from mmengine.config import Config
from scipy import ndimage
from scipy.spatial import cKDTree

from mmrobust.corruptions import cues
from mmrobust.corruptions.base import snake
from mmrobust.corruptions.cues import Cue, Draws
from mmrobust.corruptions.cues.one_frame import repeated
from mmrobust.datasets.synthetic import CLASSES, FRAMES, render
from mmrobust.datasets.synthetic.film import backdrop, film, plate
from mmrobust.datasets.synthetic.script import resized, write_script
from mmrobust.datasets.synthetic.stage import SyntheticStage
from mmrobust.registry import CUES
from tests.conftest import ROOT

EVERY = {n: c for n, c in CUES.everything().items() if c.__module__.startswith('mmrobust.')}
PRESET = ROOT / 'configs/_base_/cues/cue.py'
OWN, VIDEOS = 3, 40
# The mean of ImageNet, which the demo's model is given as zero.
GREY = np.array([124, 116, 104], np.uint8)


def stage_of(own: int = OWN, **options) -> SyntheticStage:
    labels = [index % len(CLASSES) for index in range(VIDEOS)]
    return SyntheticStage(own, lambda i: write_script(i, split='test', **options), labels)


def draws(sample: int = OWN, seed: int = 0) -> Draws:
    return Draws(seed, Cue.draws, sample)


@pytest.fixture(scope='module')
def stage():
    return stage_of()


@pytest.fixture(scope='module')
def clean():
    return render(OWN, split='test')


@pytest.fixture(scope='module')
def inside(stage):
    """Pixels that show nothing but the person, (T, H, W)."""
    return opaque(stage)[0]


@pytest.fixture(scope='module')
def outside(clean):
    """Pixels that the person and its shadow do not touch."""
    around = ndimage.binary_dilation(clean.parts > 0, np.ones((1, 5, 5)))
    rows = np.arange(around.shape[1])[None, :, None]
    return ~around & (rows < 70)


def opaque(stage):
    """Where the person hides what is behind it; the person over black, and over white."""
    black, white = (stage.film(behind=np.full((32, 96, 128, 3), v, np.float32)) for v in (0, 255))
    return (black == white).all(-1), black.astype(float), white.astype(float)


def test_nothing_asked_for_is_the_clean_video(stage, clean):
    np.testing.assert_array_equal(stage.film(), clean.frames)
    np.testing.assert_array_equal(stage.film(behind=stage.backdrop()), clean.frames)
    np.testing.assert_array_equal(stage.person(), clean.parts > 0)


def test_what_is_given_to_stand_behind_is_left_as_it_was(stage):
    behind = stage.backdrop()
    before = behind.copy()
    stage.film(behind=behind)
    np.testing.assert_array_equal(behind, before)


@pytest.mark.parametrize('own', [OWN, 6])
def test_the_shadow_is_darkest_under_the_feet(own):
    script = write_script(own, split='test')
    role, camera = script.role, script.place.camera
    share = backdrop(role, script.place)[..., 1] / np.maximum(plate(script.place)[..., 1], 1)
    travel = role.pose.travel * role.person.height
    feet = role.spot + camera + np.stack([travel, 0 * travel], -1)
    inside = [t for t in range(FRAMES) if 2 < feet[t, 0] < 125 and feet[t, 1] < 93]
    assert len(inside) > 10
    for t in inside:
        y, x = np.unravel_index(share[t].argmin(), share[t].shape)
        assert np.hypot(x - feet[t, 0], y - feet[t, 1]) < 1.5


@pytest.mark.parametrize('name', sorted(EVERY))
def test_what_every_cue_owes(name, stage, clean):
    cue = EVERY[name]()
    states = np.random.get_state()[1].copy(), torch.get_rng_state(), random.getstate()
    frames = cue.shot(stage, draws())
    assert frames.dtype == np.uint8
    assert frames.shape == clean.frames.shape
    assert (frames != clean.frames).any()
    np.testing.assert_array_equal(frames, cue.shot(stage, draws()))
    assert CUES.build(cue.describe()) == cue
    assert cue.name.startswith(snake(name))
    np.testing.assert_array_equal(stage.film(), clean.frames)
    np.testing.assert_array_equal(np.random.get_state()[1], states[0])
    assert torch.equal(torch.get_rng_state(), states[1])
    assert random.getstate() == states[2]


def test_the_preset_has_every_kind_under_a_name_of_its_own():
    kinds = [CUES.build(dict(one)) for one in Config.fromfile(PRESET).corruptions]
    assert {type(kind).__name__ for kind in kinds} == set(EVERY)
    assert len({kind.name for kind in kinds}) == len(kinds)


def test_swap_is_the_person_before_the_plate_of_a_video_of_another_class():
    # Without drift nothing is between two pixels.
    still = stage_of(drift=0.0)
    swap = cues.ActionSwap()
    other = swap.scenery(still, draws())
    frames = swap.shot(still, draws())
    mine = render(OWN, split='test', drift=0.0).frames
    inner, black, white = opaque(still)
    assert inner.sum() > 10_000
    np.testing.assert_array_equal(frames[inner], mine[inner])
    # What shines through is the other plate, darkened as the own one is by the shadow.
    own, plate = still.empty(), stage_of(other, drift=0.0).empty()
    shaded = plate * (still.backdrop() / np.maximum(own, 1))
    expected = black + (white - black) / 255 * shaded
    assert np.abs(frames - expected)[own.min(-1) > 20].max() <= 4
    assert (shaded < 0.8 * plate).any()


def test_camera_of_the_scenery_comes_with_it(stage):
    other = cues.ActionSwap().scenery(stage, draws())
    frames = cues.ActionSwap().shot(stage, draws())
    plate = stage_of(other).empty()
    np.testing.assert_array_equal(frames[:, :12], plate[:, :12])


def test_scenery_is_of_another_class_and_any_of_them(stage):
    found = [cues.ActionSwap().scenery(stage, draws(sample)) for sample in range(300)]
    labels = np.bincount([stage.label(one) for one in found], minlength=10)
    assert labels[stage.label(OWN)] == 0
    # 300 draws among nine classes: 33 each, four standard deviations are 22.
    assert labels[np.arange(10) != stage.label(OWN)].min() > 11
    assert len(set(found)) > 30


def test_one_class_has_no_other(stage):
    alone = SyntheticStage(0, stage.script, [0, 0, 0])
    with pytest.raises(ValueError, match='data must be samples of at least two classes'):
        cues.ActionSwap().shot(alone, draws())


def test_frames_of_one_and_of_the_swap_are_the_same_number(stage, clean):
    one, swapped = cues.OneFrame().shot(stage, draws()), cues.SwapFrame().shot(stage, draws())
    moving = cues.ActionSwap().shot(stage, draws())
    for frames in (one, swapped):
        assert (frames == frames[:1]).all()
    which = [i for i in range(FRAMES) if (clean.frames[i] == one[0]).all()]
    assert which == [i for i in range(FRAMES) if (moving[i] == swapped[0]).all()]
    assert cues.SwapFrame().scenery(stage, draws()) == cues.ActionSwap().scenery(stage, draws())


def test_every_frame_may_be_the_one():
    numbered = np.zeros((7, 2, 2, 3), np.uint8) + np.arange(7, dtype=np.uint8)[:, None, None, None]
    found = {int(repeated(numbered, draws(i))[0, 0, 0, 0]) for i in range(100)}
    assert found == set(range(7))


def test_background_alone_has_no_person_and_no_shadow(stage, clean, outside):
    frames = cues.BackgroundOnly().shot(stage, draws())
    np.testing.assert_array_equal(frames[outside], clean.frames[outside])
    # The place does not change but by the camera: what it shows lies on one canvas.
    before = stage.backdrop()
    assert (np.rint(before) <= frames).all()
    assert (np.rint(before) < frames).any()


def test_person_alone_is_as_it_was_on_one_colour(stage, clean, inside, outside):
    frames = cues.PersonOnly().shot(stage, draws())
    np.testing.assert_array_equal(frames[inside], clean.frames[inside])
    assert (frames[outside] == GREY).all()


def test_still_background_stands(stage):
    frames = cues.StillBackground().shot(stage, draws())
    moved = render(OWN, split='test', drift=0.0)
    np.testing.assert_array_equal(
        frames[:, :10], np.broadcast_to(frames[:1, :10], (32, 10, 128, 3))
    )
    # The person stands where it does in a video that was drawn without a drift.
    np.testing.assert_array_equal(frames, moved.frames)


@pytest.mark.parametrize('rest', ['mean', 'blur'])
def test_all_of_the_context_is_the_clean_video(rest, stage, clean):
    frames = cues.Context(keep=100, rest=rest).shot(stage, draws())
    np.testing.assert_array_equal(frames, clean.frames)


def test_none_of_the_context_is_the_person_alone(stage):
    frames = cues.Context(keep=0, rest='mean').shot(stage, draws())
    np.testing.assert_array_equal(frames, cues.PersonOnly().shot(stage, draws()))


@pytest.mark.parametrize('keep', [25, 75])
def test_the_nearest_of_the_context_is_kept(keep, stage, clean):
    frames = cues.Context(keep=keep, rest='mean').shot(stage, draws())
    for t in (0, 17):
        person = clean.parts[t] > 0
        tree = cKDTree(np.argwhere(person))
        away = tree.query(np.indices(person.shape).reshape(2, -1).T)[0].reshape(person.shape)
        # Away from the outline, where pixels are mixed.
        free = away > 2
        kept = (frames[t] == clean.frames[t]).all(-1) & free
        lost = (frames[t] == GREY).all(-1) & free & ~kept
        assert (kept | lost)[free].all()
        assert away[kept].max() <= away[lost].min() + 1e-3
        share = 1 - lost.sum() / (~person).sum()
        assert share == pytest.approx(keep / 100, abs=0.01)


def test_blur_keeps_tones_and_loses_shapes(stage, clean):
    frames = cues.Context(keep=0, rest='blur').shot(stage, draws())
    top = [part[:, :12].astype(float) for part in (frames, clean.frames)]
    assert top[0].mean() == pytest.approx(top[1].mean(), abs=12)
    rough = [np.abs(np.diff(part, axis=2)).mean() for part in top]
    assert rough[0] < 0.2 * rough[1]


@pytest.mark.parametrize('percent', [50, 71, 141])
def test_size_scales_the_person_and_not_the_place(percent, stage, clean):
    frames = cues.PersonSize(percent=percent).shot(stage, draws())
    person = differs(frames, stage, 8)
    own = differs(clean.frames, stage, 8)
    factor = percent / 100
    if factor < 1:
        assert extent(person)[0] == pytest.approx(factor * extent(own)[0], rel=0.06)
        assert person.sum() == pytest.approx(factor**2 * own.sum(), rel=0.15)
    else:
        assert person.sum() > 1.4 * own.sum()
    # Feet stand where they stood.
    assert bottom(person) == pytest.approx(bottom(own), abs=3)


@pytest.mark.parametrize(('high', 'wide'), [(0.5, 0.5), (1.41, 1.41), (0.7, 1.4)])
def test_joints_of_another_size_are_where_they_belong(high, wide, stage):
    script = stage.script(OWN)
    ground = (script.role.spot + script.place.camera)[:, None]
    found = [
        film(role, script.place.camera, stage.backdrop()).keypoints - ground
        for role in (script.role, resized(script.role, high, wide))
    ]
    np.testing.assert_allclose(found[1], found[0] * [wide, high], atol=1e-4)


def test_aspect_keeps_the_area(stage, clean):
    own = differs(clean.frames, stage, 8)
    for percent, wider in ((50, False), (200, True)):
        person = differs(cues.PersonAspect(percent=percent).shot(stage, draws()), stage, 8)
        assert person.sum() == pytest.approx(own.sum(), rel=0.25)
        assert (extent(person)[1] > 1.1 * extent(own)[1]) is wider
        assert (extent(person)[0] < 0.9 * extent(own)[0]) is wider


def differs(frames, stage, least):
    """Where the frames are not the empty place, above the ground's shadow, (T, H, W)."""
    gap = np.abs(frames.astype(int) - stage.empty()).max(-1)
    return ndimage.binary_opening(gap > least, np.ones((1, 2, 2)))


def extent(mask):
    """Mean height and width of a mask over time."""
    boxes = [(np.flatnonzero(m.any(1)), np.flatnonzero(m.any(0))) for m in mask]
    return tuple(float(np.mean([b[axis][-1] - b[axis][0] + 1 for b in boxes])) for axis in (0, 1))


def bottom(mask):
    return float(np.mean([np.flatnonzero(m.any(1))[-1] for m in mask]))


@pytest.mark.parametrize(
    ('make', 'said'),
    [
        (lambda: cues.Context(keep=101), 'keep must be a whole number from 0 to 100, got 101'),
        (lambda: cues.Context(rest='white'), "rest must be one of ('mean', 'blur'), got 'white'"),
        (lambda: cues.PersonSize(percent=5), 'percent must be a whole number from 10 to 400'),
        (lambda: cues.PersonAspect(percent=1.5), 'percent must be a whole number from 25 to 400'),
        (lambda: cues.PersonOnly(colour=(0, 0)), 'colour must be three numbers from 0 to 255'),
    ],
)
def test_refused_options(make, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        make()
