"""A video's clips, scored alone, against the recogniser on each clip's own input."""

from types import SimpleNamespace

import pytest
import torch

from mmrobust.flow.estimators.farneback import Farneback
from mmrobust.query.views import view_starts
from mmrobust.samplers.one_noise import OneNoise
from mmrobust.samplers.sparked import Sparked
from mmrobust.victims.action.bound import split_clips
from tests.conftest import CONFIGS, build_recognizer
from tests.victims.action.test_victim import SPACES, bound

pytestmark = pytest.mark.sampled(3)


@pytest.mark.parametrize('space', SPACES)
def test_clips_average_to_the_video_and_see_their_frames_only(recognizer, space):
    victim, _, whole, pixels = bound(recognizer, space)
    clips = whole.clips()
    frames = torch.stack([clip.frames for clip in clips])
    assert frames.any(dim=0).all(), 'a frame that no clip sees'
    leaf = pixels.clone().requires_grad_()
    for clip in clips:
        (slope,) = torch.autograd.grad(clip.victim(leaf)[:, 0].sum(), leaf)
        touched = slope.abs().amax(dim=(1, 3, 4)) > 0
        assert not (touched & ~clip.frames).any()
        assert touched.any()
    if victim.scorer.model.__class__.__name__ == 'Recognizer3D':
        with torch.no_grad():
            outputs = torch.stack([clip.victim(pixels) for clip in clips])
            crops = torch.tensor([len(clip.victim.views) for clip in clips]).float()
            mean = (outputs.softmax(-1) * (crops / crops.sum())[:, None, None]).sum(0)
        torch.testing.assert_close(mean, whole(pixels).softmax(-1), atol=1e-5, rtol=1e-4)


def test_crops_of_one_clip_belong_together(recognizer):
    _, loaded, whole, _ = bound(recognizer)
    layout = loaded.layouts[0]
    for clip in whole.clips():
        sets = {tuple(layout.seen()[view].tolist()) for view in clip.victim.views}
        assert len(sets) == 1
    starts = [int(clip.frames[0].int().argmax()) for clip in whole.clips()]
    assert starts == sorted(starts)
    assert sum(len(clip.victim.views) for clip in whole.clips()) == layout.views


def test_clips_are_in_order_of_time_whatever_the_order_of_the_views():
    """Views 0 and 2 are crops of the last clip, 1 of the first, 3 of the one between."""
    frames = {0: [4, 5], 1: [0, 1], 2: [4, 5], 3: [1, 4]}
    seen = torch.zeros(4, 6, dtype=torch.bool)
    for view, numbers in frames.items():
        seen[view, numbers] = True
    clips = split_clips(SimpleNamespace(layouts=[SimpleNamespace(seen=lambda: seen)]))
    assert [clip.victim.views for clip in clips] == [[1], [3], [0, 2]]
    assert [clip.frames[0].nonzero().flatten().tolist() for clip in clips] == [
        [0, 1],
        [1, 4],
        [4, 5],
    ]


def test_selecting_samples_selects_their_clips(recognizer):
    _, _, whole, pixels = bound(recognizer)
    both = [clip.victim(pixels) for clip in whole.clips()]
    second = [clip.victim.select(torch.tensor([1]))(pixels[1:]) for clip in whole.clips()]
    for one, other in zip(both, second, strict=True):
        torch.testing.assert_close(one[1:], other, atol=1e-5, rtol=1e-4)


def test_noise_follows_the_motion_between_the_frames_of_a_tsn():
    """Its clips are single frames, which are no views that noise would stop at."""
    _, _, whole, pixels = bound(build_recognizer(CONFIGS / 'tiny_2d.py'))
    one = whole.select(torch.tensor([0]))
    assert {int(clip.frames.sum()) for clip in one.clips()} == {1}
    moving = Sparked(motion=Farneback()).bind(pixels[0], view_starts(one))
    still = OneNoise().bind(pixels[0], view_starts(one))
    draws = [noise.draw(torch.Generator().manual_seed(0), 1) for noise in (moving, still)]
    assert list(moving.flags) == []
    # The first frame's noise is the same; what follows has moved.
    assert torch.equal(draws[0][:, 0], draws[1][:, 0])
    assert not torch.equal(*draws)
