"""What every registered corruption owes; a new file in mmrobust/corruptions is tested."""

import random

import numpy as np
import pytest
import torch

from mmrobust.corruptions import Clip, Corruption, Draws, frost
from mmrobust.corruptions.base import snake
from mmrobust.registry import CORRUPTIONS

# Other tests register kinds of their own.
EVERY = {
    name: cls
    for name, cls in CORRUPTIONS.everything().items()
    if cls.__module__.startswith('mmrobust.')
}
FRAME_KINDS = sorted(name for name, cls in EVERY.items() if cls.level == 'frame')
PICTURE_KINDS = sorted(name for name, cls in EVERY.items() if cls.level in ('frame', 'clip'))


def clip(frames: int = 5, size: tuple[int, int] = (34, 41), seed: int = 0) -> Clip:
    """Smooth frames with noise, so that no value is special."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0 : 1 : size[0] * 1j, 0 : 1 : size[1] * 1j]
    waves = np.stack([np.sin(7 * rows + t) + np.cos(5 * columns) for t in range(frames)])
    values = 127 + 50 * waves[..., None] + rng.normal(0, 12, (*waves.shape, 3))
    return Clip(np.clip(values, 0, 255).astype(np.uint8))


def clip_for(corruption: Corruption) -> Clip:
    """Kinds that change the order move runs of up to 36 frames: nothing moves in a short clip."""
    return clip(80) if corruption.level == 'order' else clip()


def ladder(corruption: Corruption, of: Clip, seed: int = 3, sample: int = 0) -> list[np.ndarray]:
    levels = range(len(corruption.constants) + 1)
    return list(corruption.ladder(of, Draws(seed, corruption.name, sample), levels))


@pytest.fixture(autouse=True)
def _photographs_of_frost(monkeypatch):
    """Noise in their place: they belong to a package that need not be there."""
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (50, 60, 3), np.uint8) for _ in frost.PICTURES]
    monkeypatch.setattr(frost, 'photographs', lambda: pictures)


@pytest.fixture(params=sorted(EVERY))
def corruption(request) -> Corruption:
    return EVERY[request.param]()


def test_frames_come_back_changed_and_severity_0_is_the_clean_clip(corruption):
    of = clip_for(corruption)
    before = of.frames.copy()
    clean, *corrupted = ladder(corruption, of)
    np.testing.assert_array_equal(clean, before)
    np.testing.assert_array_equal(of.frames, before)
    for frames in corrupted:
        assert frames.dtype == np.uint8
        assert frames.shape[1:] == before.shape[1:]
        same = frames.shape == before.shape and not (frames != before).any()
        # Of a person's box no pixel depends.
        assert same == (corruption.level == 'box')
    if corruption.level != 'order':
        assert {len(frames) for frames in corrupted} == {len(before)}


def test_draws_depend_on_seed_and_sample_alone(corruption):
    of = clip_for(corruption)
    first, again = ladder(corruption, of), ladder(corruption, of)
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
    random_kind = corruption.draw(of, Draws(3, corruption.name, 0)) is not None
    # A stream is encoded once for all severities; what is damaged in it, test_streams.py sees.
    if random_kind and corruption.level not in ('stream', 'box'):
        for other in (ladder(corruption, of, seed=4), ladder(corruption, of, sample=1)):
            pairs = zip(first[1:], other[1:], strict=True)
            assert any(a.shape != b.shape or (a != b).any() for a, b in pairs)


def test_severities_asked_for_alone_or_in_another_order_are_the_same(corruption):
    together = ladder(corruption, clip())
    draws = Draws(3, corruption.name, 0)
    for severity in (3, 1):
        np.testing.assert_array_equal(corruption(clip(), severity, draws), together[severity])
    backwards = list(corruption.ladder(clip(), draws, [4, 2]))
    np.testing.assert_array_equal(backwards[0], together[4])
    np.testing.assert_array_equal(backwards[1], together[2])


@pytest.mark.parametrize('name', FRAME_KINDS)
def test_a_frame_is_corrupted_alike_among_other_frames_and_in_another_order(name):
    corruption = EVERY[name]()
    of = clip()
    some = [4, 1, 4]
    part = Clip(of.frames[some], tuple(some))
    whole, alone = ladder(corruption, of), ladder(corruption, part)
    for frames, few in zip(whole, alone, strict=True):
        np.testing.assert_array_equal(frames[some], few)


def test_global_random_states_stay(corruption):
    numbers, torchs, pythons = (
        np.random.get_state()[1].copy(),
        torch.get_rng_state(),
        random.getstate(),
    )
    ladder(corruption, clip())
    np.testing.assert_array_equal(np.random.get_state()[1], numbers)
    assert torch.equal(torch.get_rng_state(), torchs)
    assert random.getstate() == pythons


@pytest.mark.parametrize('size', [(32, 32), (33, 47), (61, 32)])
@pytest.mark.parametrize('name', PICTURE_KINDS)
def test_odd_sizes_flat_and_saturated_pictures(name, size):
    corruption = EVERY[name]()
    for value in (0, 128, 255):
        of = Clip(np.full((1, *size, 3), value, np.uint8))
        for frames in ladder(corruption, of):
            assert frames.shape == (1, *size, 3)
            assert frames.dtype == np.uint8


def test_five_severities_and_a_description_that_builds_it_again(corruption):
    assert len(corruption.constants) == 5
    assert CORRUPTIONS.build(corruption.describe()) == corruption
    assert corruption.name == snake(type(corruption).__name__)
    assert corruption.group
    assert type(corruption).__doc__


def test_refused_severities(corruption):
    for severity in (-1, 6, 1.5, True):
        with pytest.raises(ValueError, match='severity must be 0'):
            list(corruption.ladder(clip(), Draws(0, 'any', 0), [severity]))
