"""One draw for a clip or one for each frame, and how severe a severity is."""

import numpy as np
import pytest

from mmrobust.corruptions import Clip, Corruption, Draws, frost
from mmrobust.corruptions.base import snake, truncated
from mmrobust.corruptions.coherent import CoherentCorruption
from mmrobust.registry import CORRUPTIONS
from tests.corruptions.clips import draws, scene

# Other tests register kinds of their own.
EVERY = {
    name: cls
    for name, cls in CORRUPTIONS.everything().items()
    if cls.__module__.startswith('mmrobust.')
}
COHERENT = sorted(name for name, cls in EVERY.items() if issubclass(cls, CoherentCorruption))
STILL = [*COHERENT, 'DefocusBlur', 'ZoomBlur', 'GaussianBlur', 'Brightness', 'Contrast', 'Saturate']
STILL += ['Pixelate', 'JPEGCompression', 'TemporalBlur', 'StaticRotation', 'Darkness']
# By their published constants these do not fall in PSNR throughout; snow does so hardly.
NOT_MONOTONE = {'GlassBlur', 'Frost', 'Fog', 'Saturate', 'Snow'}
PICTURES = ['GaussianNoise', 'ShotNoise', 'ImpulseNoise', 'SpeckleNoise', 'Salt', 'Pepper', *STILL]
MOVING = {'StaticRotation', 'RandomRotation', 'Translation', 'TemporalBlur'}


@pytest.fixture(autouse=True)
def _photographs_of_frost(monkeypatch):
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (50, 60, 3), np.uint8) for _ in frost.PICTURES]
    monkeypatch.setattr(frost, 'photographs', lambda: pictures)


@pytest.mark.parametrize('name', STILL)
def test_a_clip_that_stands_still_stays_still(name):
    kind = EVERY[name]()
    for frames in kind.ladder(Clip(scene(3)), draws(kind), [1, 3, 5]):
        assert (frames == frames[:1]).all()


@pytest.mark.parametrize('name', COHERENT)
def test_each_frame_its_own(name):
    kind = EVERY[name](coherent=False)
    clip = Clip(scene(3))
    frames = kind(clip, 4, draws(kind))
    assert (frames[0] != frames[1]).any()
    assert (frames[1] != frames[2]).any()
    alone = kind(Clip(clip.frames[1:2], (1,)), 4, draws(kind))
    np.testing.assert_array_equal(alone[0], frames[1])


def psnr(frames: np.ndarray, clean: np.ndarray) -> float:
    error = ((frames.astype(float) - clean) ** 2).mean()
    return 10 * np.log10(255**2 / error)


@pytest.mark.parametrize('name', sorted(set(PICTURES) - NOT_MONOTONE - MOVING))
def test_worse_severities_are_further_from_the_clean_clip(name):
    kind, clip = EVERY[name](), Clip(scene(1, (96, 128)))
    found = [psnr(frames, clip.frames) for frames in kind.ladder(clip, draws(kind), range(1, 6))]
    assert found == sorted(found, reverse=True)
    assert found[0] > found[-1] + 3


def edges(frames: np.ndarray) -> float:
    return np.abs(np.diff(frames.astype(float), axis=2)).mean()


def test_glass_takes_edges_away():
    kind, clip = EVERY['GlassBlur'](), Clip(scene(1, (96, 128)))
    found = [edges(frames) for frames in kind.ladder(clip, draws(kind), range(6))]
    assert max(found[1:]) < 0.75 * found[0]
    assert found[-1] < 0.8 * found[1]


def test_points_move_where_a_kind_says_so_and_nowhere_else():
    for name, cls in EVERY.items():
        overrides = cls.moved is not Corruption.moved
        assert overrides == (cls.moves == 'known'), name


def test_whole_numbers_are_not_cut_off_by_what_rounding_lacks():
    values = np.array([-3, -0.5, 0.99, 1 - 1e-4, 254.9999, 255.7, 300])
    np.testing.assert_array_equal(truncated(values), [0, 0, 0, 1, 255, 255, 255])


def test_streams_of_kinds_differ():
    clip = Clip(scene(1))
    one, other = (EVERY[name]() for name in ('GaussianNoise', 'SpeckleNoise'))
    numbers = [kind.draw(clip, Draws(0, snake(type(kind).__name__), 0)) for kind in (one, other)]
    assert (numbers[0] != numbers[1]).any()
