"""Twins of transforms against the transforms, and their slopes against differences."""

import itertools

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from mmrobust.functional.turning import turn_onto
from mmrobust.victims.samples import RefusedError
from mmrobust.victims.skeleton.path import CLOSE, TrackPath, check_agreement
from mmrobust.victims.skeleton.twins.base import rounded, through

from .toys import FEATURES, graph_pipeline, loaded, refusal, sample, transforms

DOUBLE = np.dtype(np.float64)
KINDS = list(itertools.product((2, 3), (np.float16, np.float32, np.float64)))


@pytest.mark.parametrize(('dimensions', 'dtype'), KINDS)
def test_skeleton_twin_is_the_pipeline(dimensions, dtype):
    configs = graph_pipeline(dimensions, FEATURES)
    for persons, frames in itertools.product((1, 2, 3), (1, 2, 5, 11, 12, 23, 40)):
        if dimensions == 3 and persons == 3:
            continue
        info = sample(dimensions, persons=persons, frames=frames, dtype=dtype, seed=frames)
        packed, layout = loaded(configs, info)
        path = TrackPath(transforms(configs))
        # Of the pipeline alone, without any part of the victim's.
        stock = {k: v.copy() if hasattr(v, 'copy') else v for k, v in info.items()}
        for step in transforms(configs):
            stock = step(stock)
        assert torch.equal(packed['inputs'], stock['inputs'])
        assert torch.equal(layout.render(layout.pixels()), stock['inputs'])
        rest = {k: v for k, v in info.items() if k != 'keypoint'}
        track = torch.from_numpy(info['keypoint'].astype(np.float64))
        twin = path.twin(rest, track, np.dtype(dtype))
        large = max(1.0, float(twin.abs().max()))
        assert float((twin - stock['inputs'].double()).abs().max()) <= CLOSE * large


@pytest.mark.parametrize('joints', [20, 14])
def test_skeleton_twin_of_bodies_whose_centre_is_the_last_joint(joints):
    packed, layout = loaded(graph_pipeline(3, ['j', 'jm']), sample(3, joints=joints), unit='native')
    assert torch.equal(layout.render(layout.pixels()), packed['inputs'])


@pytest.mark.parametrize('second', ['absent', 'fuller'])
def test_skeleton_twin_with_a_second_person(second):
    info = sample(3, persons=2, frames=14)
    if second == 'absent':
        info['keypoint'][1] = 0
    else:
        # It has more frames, and becomes the first.
        info['keypoint'][0, 5:10] = 0
    packed, layout = loaded(graph_pipeline(3), info)
    assert torch.equal(layout.render(layout.pixels()), packed['inputs'])
    there = layout.pixels().abs().amax(dim=(0, 1, 2)) > 0
    assert there.tolist() == [True, second == 'fuller']


@pytest.mark.parametrize('options', [{'align_spine': False}, {'align_shoulder': False},
                                     {'align_spine': False, 'align_shoulder': False}])  # fmt: skip
@pytest.mark.parametrize('dtype', [np.float16, np.float32])
def test_skeleton_twin_with_other_turns(options, dtype):
    configs = graph_pipeline(3)
    configs[0] |= options
    packed, layout = loaded(configs, sample(3, dtype=dtype))
    assert torch.equal(layout.render(layout.pixels()), packed['inputs'])


@pytest.mark.parametrize(('dimensions', 'feats'), itertools.product((2, 3), FEATURES))
def test_skeleton_slopes_are_those_of_differences(dimensions, feats):
    configs = graph_pipeline(dimensions, [feats], clip_len=3, num_clips=2)
    info = sample(dimensions, persons=2, frames=4, dtype=np.float64)
    rest = {k: v for k, v in info.items() if k != 'keypoint'}
    path, track = TrackPath(transforms(configs)), torch.from_numpy(info['keypoint'])
    # Unrounded, for which decoding to single precision is left out.
    free = torch.zeros_like(track)
    free[:, :2, :10] = 1
    moving = track[:, :2, 8:10].clone().requires_grad_()

    def inputs(part):
        whole = torch.cat([track[:, :2, :8], part, track[:, :2, 10:]], dim=2)
        return path.twin(rest, torch.cat([whole, track[:, 2:]], dim=1), DOUBLE)

    scale = 1e-1 if dimensions == 2 else 1e-4
    assert_slopes(inputs, moving, scale)


def assert_slopes(function, leaf, step):
    """Central differences, wide enough for the rounding of the input to single precision."""
    weights = torch.linspace(1, 2, function(leaf).numel(), dtype=torch.float64).cos()
    gradient = torch.autograd.grad((function(leaf).flatten() * weights).sum(), leaf)[0]
    rng = np.random.default_rng(0)
    for place in rng.choice(leaf.numel(), 6, replace=False).tolist():
        ends = []
        for sign in (1, -1):
            moved = leaf.detach().clone()
            moved.view(-1)[place] += sign * step
            ends.append(float((function(moved).detach().flatten() * weights).sum()))
        found = (ends[0] - ends[1]) / (2 * step)
        slope = float(gradient.reshape(-1)[place])
        assert found == pytest.approx(slope, rel=2e-2, abs=2e-2 * float(gradient.abs().max()))


def test_turning_is_the_least_rotation_and_its_slope_is_exact():
    rng = np.random.default_rng(0)
    for _ in range(20):
        vector, onto = rng.normal(size=3), np.eye(3)[rng.integers(3)]
        found = turn_onto(torch.tensor(vector), torch.tensor(onto)).numpy()
        assert found @ vector == pytest.approx(onto * np.linalg.norm(vector))
        axis = np.cross(vector, onto)
        angle = np.arccos(vector @ onto / np.linalg.norm(vector))
        known = Rotation.from_rotvec(axis / np.linalg.norm(axis) * angle).as_matrix()
        assert found == pytest.approx(known)
    axis = torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64)
    leaf = torch.tensor([0.3, -0.2, 0.5], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda v: turn_onto(v, axis), leaf)
    # On the axis the transform turns nothing, and neither does the slope vanish.
    leaf = torch.tensor([0.0, 0.0, 2.0], dtype=torch.float64, requires_grad=True)
    assert torch.equal(turn_onto(leaf, axis), torch.eye(3, dtype=torch.float64))
    assert torch.autograd.gradcheck(lambda v: turn_onto(v, axis), leaf)


@pytest.mark.parametrize('vector', [[0.0, 0.0, 0.0], [0.0, 0.0, -1.5]])
def test_turning_without_a_least_rotation_is_none(vector):
    axis = torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64)
    leaf = torch.tensor(vector, dtype=torch.float64, requires_grad=True)
    assert torch.equal(turn_onto(leaf, axis).detach(), torch.eye(3, dtype=torch.float64))


def test_skeleton_gradient_of_clips_is_the_sum_over_clips():
    info = sample(2, frames=30)
    _, layout = loaded(graph_pipeline(2, clip_len=10, num_clips=10), info)
    leaf = layout.pixels().requires_grad_()
    inputs = layout.render(leaf)
    whole = torch.autograd.grad(inputs.square().sum(), leaf, retain_graph=True)[0]
    parts = [torch.autograd.grad(clip.square().sum(), leaf, retain_graph=True)[0]
             for clip in inputs]  # fmt: skip
    assert len(parts) == 10
    assert torch.allclose(sum(parts), whole, rtol=1e-5)
    assert float(whole.abs().sum()) > 0


def test_skeleton_motion_reaches_the_next_frame_that_no_clip_has():
    info = sample(2, frames=30)
    info['keypoint'][0, 3] = 1
    configs = graph_pipeline(2, ['jm'], clip_len=5, num_clips=1)
    _, layout = loaded(configs, info)
    leaf = layout.pixels().requires_grad_()
    gradient = torch.autograd.grad(layout.render(leaf).square().sum(), leaf)[0]
    state = transforms(configs)[2].transform({'total_frames': 30})
    seen = {int(frame) for frame in state['frame_inds']}
    moved = {t for t in range(30) if bool((gradient[:, t] != 0).any())}
    assert moved == {t for t in seen | {t + 1 for t in seen} if t < 30}
    # Nothing else is seen; but all frames may move.
    assert set(layout.stored.seen[0].any(dim=1).nonzero().flatten().tolist()) == moved
    assert bool((layout.pixels() != 0).any(dim=0)[..., 0].any(dim=1).all())


def test_skeleton_shoulder_of_the_first_frame_moves_all_frames():
    info = sample(3, frames=12)
    _, layout = loaded(graph_pipeline(3, clip_len=12, num_clips=1), info, unit='native')
    pixels = layout.pixels()
    pixels[2, 0, 8, 0] += 0.01
    other, same = layout.render(pixels), layout.render(layout.pixels())
    assert float((other - same)[0, 0, -1].abs().amax()) > 1e-3
    leaf = layout.pixels().requires_grad_()
    late = torch.autograd.grad(layout.render(leaf)[0, 0, -1].sum(), leaf)[0]
    assert float(late[:, 0, 8, 0].abs().sum()) > 0
    # The slope foretells the change: the turn is alive.
    change = (other - same)[0, 0, -1].sum()
    assert float(late[2, 0, 8, 0] * 0.01) == pytest.approx(float(change), rel=0.1)


def test_skeleton_track_that_moves_as_a_whole_changes_nothing_in_space():
    info = sample(3, frames=12, dtype=np.float64)
    moved = {**info, 'keypoint': np.where(info['keypoint'] == 0, 0, info['keypoint'] + 0.7)}
    one, other = (loaded(graph_pipeline(3), each)[0]['inputs'] for each in (info, moved))
    assert torch.allclose(one, other, atol=1e-5)


def test_skeleton_sampling_leaves_the_stream_of_numpy_alone():
    np.random.seed(7)
    first = np.random.random(3)
    np.random.seed(7)
    loaded(graph_pipeline(2), sample(2))
    assert np.array_equal(np.random.random(3), first)


def test_through_is_exact_and_hands_the_gradient_on():
    slopes = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    values = torch.tensor([0.1, 1e300], dtype=torch.float64)
    found = through(slopes * 3, values)
    assert torch.equal(found.detach(), values)
    assert torch.autograd.grad(found.sum(), slopes)[0].tolist() == [3.0, 3.0]
    assert rounded(torch.tensor([1000.4], dtype=torch.float64), np.float16).item() == 1000.5


def test_skeleton_twin_that_disagrees_is_refused():
    values = torch.tensor([1.0, 3.0], dtype=torch.float64)
    check_agreement(values, values + 2e-6)
    with pytest.raises(ValueError, match="twin's input must be the pipeline's within 1e-06"):
        check_agreement(values, values + 4e-6)
    with pytest.raises(ValueError, match='of the shape'):
        check_agreement(values, values[:1])


@pytest.mark.parametrize(('place', 'change', 'words'), [
    (0, {'type': 'PoseRandomDrop'}, 'cannot follow the pipeline.s transform'),
    (0, {'type': 'PreNormalize3D', 'align_center': False}, 'PreNormalize3D.align_center must be'),
    (2, {'type': 'UniformSampleFrames', 'clip_len': 4}, 'UniformSampleFrames.test_mode must be'),
    (0, {'type': 'DecompressPose'}, 'transform DecompressPose: it has no twin'),
])  # fmt: skip
def test_skeleton_pipeline_that_cannot_be_followed_is_refused(place, change, words):
    configs = graph_pipeline(2)
    configs[place] = change
    if change['type'] == 'PoseRandomDrop':
        steps = transforms(graph_pipeline(2))

        class PoseRandomDrop:
            pass

        steps[0] = PoseRandomDrop()
    else:
        steps = transforms(configs)
    with pytest.raises(RefusedError, match=words):
        TrackPath(steps)


def with_nan(info):
    info['keypoint'][0, 2, 1, 0] = np.nan


def all_zero(info):
    info['keypoint'][:] = 0


def wrong_length(info):
    info['total_frames'] = 7


def whole_numbers(info):
    info['keypoint'] = info['keypoint'].astype(np.int64)


def no_torso(info):
    info['keypoint'][:, :, 5] = 0


def without_score(info):
    info['keypoint_score'] = info['keypoint_score'][:, :3]


@pytest.mark.parametrize(('spoil', 'words'), [
    (with_nan, r'keypoint must be finite in every frame, got .1 values that are not, first \(0, 2'),
    (all_zero, 'keypoint must be not zero everywhere'),
    (wrong_length, 'total_frames must be 20 as in keypoint, got 7'),
    (whole_numbers, 'keypoint must be of type float16, float32, float64'),
    (no_torso, 'keypoint must be with shoulders and hips in one frame at least'),
    (without_score, 'keypoint_score must be finite, of shape'),
])  # fmt: skip
def test_skeleton_sample_that_is_none_says_why(spoil, words):
    import re

    info = sample(2)
    spoil(info)
    assert re.search(words, refusal(graph_pipeline(2), info))
    assert '\n' not in refusal(graph_pipeline(2), info)


def test_skeleton_bones_of_another_body_are_refused():
    error = refusal(graph_pipeline(2, ['b']), sample(2, joints=14) | {})
    assert "keypoint must be of at least 17 joints for the bones of 'coco', got 14" in error


def test_skeleton_third_person_is_refused_in_space_and_still_in_the_plane():
    assert 'at most 2 for PreNormalize3D' in refusal(graph_pipeline(3), sample(3, persons=3))
    _, layout = loaded(graph_pipeline(2), sample(2, persons=3))
    assert layout.pixels()[..., 2].abs().sum() == 0
    assert layout.pixels()[..., 1].abs().sum() > 0


def test_skeleton_picture_without_a_size_is_that_of_the_transform():
    info = sample(2)
    del info['img_shape']
    packed, layout = loaded(graph_pipeline(2), info)
    assert torch.equal(layout.render(layout.pixels()), packed['inputs'])
