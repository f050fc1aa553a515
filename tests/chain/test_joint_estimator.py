"""Joints in frames: MMPose's own, with slopes."""

import numpy as np
import pytest
import torch
from mmengine.config import Config

from tests.chain.chain_toys import boxes, estimator, pose_pipeline, video
from tests.pose.pose_toys import FLIP_PAIRS, HEADS, K

COORDINATES = ('regression', 'integral', 'dsnt')


def doubled(found):
    """In double precision, in which batches of other sizes give the same."""
    found.model.double()
    return found


def deployed(found, frame, persons, head):
    """What MMPose's own inference says of an RGB frame (3, H, W)."""
    from mmengine.registry import init_default_scope
    from mmpose.apis import inference_topdown

    dataset = {'dataset': {'pipeline': pose_pipeline(head == 'udp')}}
    found.model.cfg = Config({'default_scope': 'mmpose', 'test_dataloader': dataset})
    found.model.dataset_meta = {'flip_indices': FLIP_PAIRS}
    picture = frame.permute(1, 2, 0).numpy().astype(np.uint8)[..., ::-1].copy()
    poses = [one.pred_instances for one in inference_topdown(found.model, picture, persons)]
    init_default_scope('mmaction')
    return [(pose.keypoints[0], pose.keypoint_scores[0]) for pose in poses]


@pytest.mark.parametrize('head', HEADS)
def test_joints_are_those_of_mmpose(head):
    found, frames, given = estimator(head, flip=head != 'rle'), video(3), boxes(3)
    # One network does not round alike in batches of two sizes: as many crops as MMPose is given.
    for frame, persons in zip(frames, given, strict=True):
        there = persons[np.isfinite(persons).all(1)]
        joints = found(frame[None], torch.from_numpy(there[None]))[0]
        assert joints.shape == (len(there), K, 3)
        for ours, (places, scores) in zip(joints, deployed(found, frame, there, head), strict=True):
            assert np.array_equal(ours[:, :2].numpy(), places.astype(np.float64))
            assert np.array_equal(ours[:, 2].numpy(), scores.astype(np.float64))


def test_joints_of_nobody_are_zero_and_others_stay():
    found, frames, given = doubled(estimator()), video(4), torch.from_numpy(boxes(4))
    joints = found(frames, given)
    assert not joints[2, 1].any()
    assert (joints[2, 0] != 0).all()
    alone = found(frames[3:], given[3:])
    assert torch.allclose(joints[3:], alone, atol=1e-9)
    nobody = found(frames[:1], torch.full((1, 2, 4), torch.nan))
    assert nobody.shape == (1, 2, K, 3)
    assert not nobody.any()


@pytest.mark.parametrize('head', HEADS)
def test_slopes_are_those_of_soft_coordinates_and_peaks(head):
    found, frames = doubled(estimator(head)), video(2)
    given = torch.from_numpy(boxes(2))
    leaf = frames.clone().requires_grad_()
    weights = torch.linspace(1, 2, 2 * 2 * K * 3, dtype=torch.float64).sin().reshape(2, 2, K, 3)
    (ours,) = torch.autograd.grad((found(leaf, given) * weights).sum(), leaf)
    other = frames.clone().requires_grad_()
    responses, crops = found.responses(other, given)
    centre, scale = (torch.from_numpy(x.astype(np.float64)) for x in (crops.centres, crops.scales))
    size = torch.tensor(crops.size)
    soft = found.adapter.soft_coordinates(responses) / size * scale[:, None]
    soft = soft + centre[:, None] - scale[:, None] / 2
    total = (soft * weights.flatten(0, 1)[..., :2]).sum()
    peaks = found.adapter.peak_scores(responses)
    assert (peaks is None) == (head in COORDINATES)
    if peaks is not None:
        total = total + (peaks * weights.flatten(0, 1)[..., 2]).sum()
    (expected,) = torch.autograd.grad(total, other)
    assert float(ours.abs().max()) > 0
    assert torch.allclose(ours, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize('head', HEADS)
def test_peaks_are_the_scores_that_mmpose_decodes(head):
    found = estimator(head)
    responses, _ = found.responses(video(2), torch.from_numpy(boxes(2)))
    _, scores = found.adapter.decode(responses)
    peaks = found.adapter.peak_scores(responses)
    if peaks is None:
        assert (scores == 1).all()
    elif head == 'mspn':
        # The decoder blurs the map before it looks for the peak.
        assert float((peaks - scores).abs().max()) < 0.01
    else:
        assert torch.allclose(peaks.double(), scores.double(), atol=1e-6)


@pytest.mark.parametrize('head', ['heatmap', 'rtmcc', 'regression', 'rle'])
def test_smooth_part_agrees_with_finite_differences(head):
    found = doubled(estimator(head))
    responses, crops = found.responses(video(1), torch.from_numpy(boxes(1)))

    def smooth(outputs):
        places = crops.slopes_in_frame(found.adapter.soft_coordinates(outputs))
        peaks = found.adapter.peak_scores(outputs)
        return places if peaks is None else torch.cat([places, peaks[..., None]], dim=2)

    leaf = responses.detach().double().requires_grad_()
    assert torch.autograd.gradcheck(smooth, (leaf,), fast_mode=True)


def test_frames_permuted_are_joints_permuted():
    found, frames, given = doubled(estimator()), video(5), torch.from_numpy(boxes(5))
    order = torch.tensor([3, 0, 4, 2, 1])
    joints = found(frames, given)
    assert torch.allclose(found(frames[order], given[order]), joints[order], atol=1e-9)
    assert not torch.allclose(joints[order], joints, atol=1e-3)


def test_parts_of_the_crops_give_the_same_joints_and_gradient():
    frames, given = video(4), torch.from_numpy(boxes(4))
    found = []
    for at_once in (64, 3):
        leaf = frames.clone().requires_grad_()
        joints = doubled(estimator(crops_at_once=at_once))(leaf, given)
        joints.sin().sum().backward()
        found.append((joints.detach(), leaf.grad))
    for one, other in zip(*found, strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def test_memo_computes_a_frame_once_and_changes_nothing():
    found, frames, given = doubled(estimator()), video(4), torch.from_numpy(boxes(4))
    other = frames.clone()
    other[1] += 1

    def both(shown):
        leaf = shown.clone().requires_grad_()
        joints = found(leaf, given)
        (gradient,) = torch.autograd.grad(joints.sin().sum(), leaf)
        return joints.detach(), gradient

    plain = [both(frames), both(other)]
    with found.incremental() as memo:
        first = both(frames)
        assert (memo.computed, memo.reused) == (4, 4)
        second = both(other)
        # Forward and backward look at each frame; one is new.
        assert (memo.computed, memo.reused) == (5, 11)
        # A person moved, the same frame: it is another question.
        with torch.no_grad():
            found(frames[:1], given[:1] + 1)
        assert memo.computed == 6
    for (joints, gradient), (same, alike) in zip(plain, (first, second), strict=True):
        assert torch.allclose(joints, same, atol=1e-9)
        assert torch.allclose(gradient, alike, rtol=1e-5, atol=1e-9)
    assert found._memo is None


def test_loss_of_a_pose_is_that_of_its_crops():
    found, frames, given = doubled(estimator()), video(2), torch.from_numpy(boxes(2))
    clean = found(frames, given)
    at_clean, away = (found.loss(frames, given, clean + shift) for shift in (0, 6))
    assert float(away) != pytest.approx(float(at_clean), rel=1e-3)
    responses, crops = found.responses(frames, given)
    joints, _ = found.adapter.decode(responses)
    reference = found.adapter.encode(joints.float(), torch.ones(4, K))
    expected = found.adapter.heatmap_mse(responses, reference.to(responses)).sum()
    assert float(at_clean) == pytest.approx(float(expected), rel=1e-6)


@pytest.mark.parametrize(('steps', 'words'), [
    (pose_pipeline()[1:], r"pose_estimator\.config must be one whose test pipeline is LoadImage"),
    ([*pose_pipeline()[:3], dict(type='PhotometricDistortion'), pose_pipeline()[3]], 'Distortion'),
])  # fmt: skip
def test_other_pipelines_are_refused(steps, words):
    from mmrobust.chain.crops import Cutter

    with pytest.raises(ValueError, match=words):
        Cutter(steps)
