"""Frames to an action by way of poses, against MMPose and MMAction2 one after the other."""

import copy

import numpy as np
import pytest
import torch

from mmrobust.chain.held import pose_alone
from mmrobust.victims.skeleton.path import CLOSE
from tests.chain.chain_toys import (
    CLASSES,
    GRAPH,
    HEIGHT,
    VOLUMES,
    WIDTH,
    boxes,
    chain,
    estimator,
    inputs,
    sample,
    slope,
    video,
    volume_pipeline,
)
from tests.pose.pose_toys import K
from tests.victims.skeleton.toys import graph_pipeline, transforms


def in_double(model):
    """In which batches of other sizes give the same."""
    model.data_preprocessor.to_float32 = False
    return model.double()


def deployed(model, frames, given, steps, plain):
    """MMPose's joints in MMAction2's own inference."""
    from mmaction.apis import inference_skeleton
    from mmengine.dataset import Compose

    joints = model.pose_estimator(frames, torch.from_numpy(given)).numpy()
    poses = [
        {'keypoints': one[seen][..., :2], 'keypoint_scores': one[seen][..., 2]}
        for one, seen in zip(joints, np.isfinite(given).all(2), strict=True)
    ]
    plain.cfg = None
    return inference_skeleton(plain, poses, (HEIGHT, WIDTH), Compose(transforms(steps)))


@pytest.mark.parametrize('kind', ['graph', 'volumes'])
def test_chain_predicts_what_mmaction2_infers_from_the_poses(kind):
    from mmaction.registry import MODELS

    model, given = chain(kind), boxes()
    name = 'RecognizerGCN' if kind == 'graph' else 'Recognizer3D'
    plain = MODELS.build({'type': name, **(GRAPH if kind == 'graph' else VOLUMES)}).eval()
    # The names of the weights are those of the plain recogniser.
    assert plain.state_dict().keys() == model.state_dict().keys()
    plain.load_state_dict(model.state_dict())
    steps = graph_pipeline(2, clip_len=4, num_clips=2) if kind == 'graph' else volume_pipeline()
    for seed in range(2):
        frames = video(seed=seed)
        expected = deployed(model, frames, given, steps, plain).pred_score
        with torch.no_grad():
            (found,) = model(inputs(frames), [sample(given)], mode='predict')
        assert torch.equal(found.pred_score, expected)


@pytest.mark.parametrize('kind', ['graph', 'volumes'])
def test_gradient_reaches_the_pixels_of_every_frame(kind):
    model = chain(kind)
    logits, gradient = slope(model, video(), sample())
    assert logits.shape[1] == CLASSES
    each = gradient[0, 0].abs().amax(dim=(0, 2, 3))
    assert (each > 0).all()
    assert not model.pose_estimator.model.training
    assert all(not p.requires_grad for p in model.pose_estimator.model.parameters())


@pytest.mark.parametrize('scores', ['live', 'one'])
def test_chain_gradient_is_the_chain_rule(scores):
    model, frames, given = in_double(chain(scores=scores, stored='float32')), video(), sample()
    _, found = slope(model, frames, given)
    # The recogniser's gradient at its input, by way of the twin, to joints and scores ...
    joints = model.pose_estimator(frames, torch.from_numpy(boxes())).detach().transpose(0, 1)
    leaf = joints.clone().requires_grad_()
    there = torch.from_numpy(np.isfinite(boxes()).all(2)).T.double()[..., None].expand(2, 6, K)
    score = leaf[..., 2] if scores == 'live' else there
    track = torch.cat([leaf[..., :2], score[..., None]], dim=3)
    # ... in words: halves of the picture from its middle, then the frames of the clips.
    half = torch.tensor([WIDTH / 2, HEIGHT / 2], dtype=torch.float64)
    shown = torch.cat([(track[..., :2] - half) / half, track[..., 2:]], dim=3)
    frame_inds = transforms(graph_pipeline(2, clip_len=4, num_clips=2))[2].transform(
        {'total_frames': 6}
    )['frame_inds']
    clips = shown[:, frame_inds].unflatten(1, (2, 4)).transpose(0, 1)
    logits = model.cls_head(model.backbone(clips))
    objective = logits.logsumexp(1).sum() + logits[:, 1].sum()
    (at_joints,) = torch.autograd.grad(objective, leaf)
    pixels = frames.clone().requires_grad_()
    soft = model.pose_estimator(pixels, torch.from_numpy(boxes())).transpose(0, 1)
    (expected,) = torch.autograd.grad((soft * at_joints).sum(), pixels)
    scale = float(expected.abs().max())
    assert scale > 0
    assert float((found[0, 0].transpose(0, 1) - expected).abs().max()) < 1e-4 * scale


def test_chain_batch_gives_what_its_videos_give_alone():
    model, videos = in_double(chain()), [video(seed=seed) for seed in range(2)]
    given = [sample(), sample(boxes() + 2)]
    together = model(inputs(*videos), given, stage='head').unflatten(0, (2, -1))
    for one, theirs, logits in zip(videos, given, together, strict=True):
        assert torch.allclose(model(inputs(one), [theirs], stage='head'), logits, atol=1e-9)
    assert not torch.allclose(together[0], together[1], atol=1e-3)


def test_chain_memo_changes_nothing():
    model, frames, given = in_double(chain()), video(), sample()
    plain = slope(model, frames, given)
    with model.incremental() as memo:
        inside = slope(model, frames, given)
        assert memo.computed == len(frames)
    for one, other in zip(plain, inside, strict=True):
        assert torch.allclose(one, other, rtol=1e-5, atol=1e-9)


def test_track_is_rounded_as_it_is_stored():
    frames, given = video(), sample()
    half, single = (chain(stored=kind).track(frames, given)[0] for kind in ('float16', 'float32'))
    exact = chain().pose_estimator(frames, torch.from_numpy(boxes())).transpose(0, 1)[..., :2]
    assert torch.equal(half.value, exact.half().double())
    assert torch.equal(single.value, exact)
    assert not torch.equal(half.value, single.value)


def test_person_who_is_not_in_a_frame_is_zero_there():
    places, score = chain().track(video(), sample())
    assert not places.value[1, 2].any()
    assert not score.value[1, 2].any()
    assert (score.value[0] != 0).all()
    ones = chain(scores='one').track(video(), sample())[1].value
    assert not ones[1, 2].any()
    assert (ones[0] == 1).all()
    assert (ones[1, 3:] == 1).all()


def test_clean_scores_are_held():
    model, frames, other, given = chain(scores='clean'), video(), video(seed=3), sample()
    assert model.holds
    live = model.track(other, given)[1].value
    model.hold([given], [inputs(frames)[0]])
    held = model.track(other, given)[1].value
    assert torch.equal(held, chain().track(frames, sample())[1].value)
    assert not torch.equal(held, live)
    # A second chain keeps its own of the same sample.
    second = chain(scores='clean', pose_estimator=estimator('rtmcc'))
    second.hold([given], [inputs(frames)[0]])
    assert torch.equal(model.track(other, given)[1].value, held)
    # No slope by way of them.
    assert not model.track(other.requires_grad_(), given)[1].value.requires_grad


def test_pose_alone_has_the_gradient_of_the_estimators_loss():
    model, frames, given = in_double(chain(aim='pose')), video(), sample()
    plain, _ = slope(chain(), frames, sample())
    before, _ = slope(model, frames, given)
    assert torch.allclose(before, plain.double(), atol=1e-4)
    model.hold([given], [inputs(frames)[0]])
    held = model.held(given)
    assert held.prediction == int(plain.softmax(1).mean(0).argmax())
    changed = (frames + 3).clamp(0, 255)
    leaf = inputs(changed).requires_grad_()
    logits = model(leaf, [given], stage='head')
    others = [k for k in range(CLASSES) if k != held.prediction]
    assert not logits[:, others].any()
    (found,) = torch.autograd.grad(-logits[0, held.prediction], leaf)
    pixels = changed.clone().requires_grad_()
    joints = torch.from_numpy(held.joints)
    loss = model.pose_estimator.loss(pixels, torch.from_numpy(boxes()), joints)
    assert float(-logits[0, held.prediction]) == pytest.approx(float(loss), rel=1e-6)
    (expected,) = torch.autograd.grad(loss, pixels)
    assert torch.allclose(found[0, 0].transpose(0, 1), expected, rtol=1e-5, atol=1e-9)
    assert not model.cls_head._forward_hooks


def test_pose_alone_gives_each_video_its_rows():
    hook = pose_alone(torch.tensor([2.0, 3.0]), [1, 0])
    logits = hook(None, None, torch.zeros(4, 3))
    assert logits.tolist() == [[0, -2, 0], [0, -2, 0], [-3, 0, 0], [-3, 0, 0]]


def test_changes_of_nothing_are_none():
    model, given = chain(), sample()
    clean = inputs(video())[0]
    found = model.changes(given, clean, clean)
    assert found['joint_displacement'] == found['score_change'] == 0
    assert found['oks'] == pytest.approx(1)
    moved = model.changes(given, clean, inputs(video(seed=5))[0])
    assert moved['joint_displacement'] > 0
    assert moved['joint_displacement_pixels'] > moved['joint_displacement']
    assert moved['oks'] < 1


def test_slopes_and_pipeline_agree_or_the_run_ends(monkeypatch):
    from mmrobust.victims.skeleton.twins.normalise_2d import NormaliseTwin2D

    model, right = chain(), NormaliseTwin2D.__call__

    def wrong(self, state):
        found = right(self, state)
        return found | {'keypoint': found['keypoint'].at(found['keypoint'].value + 10 * CLOSE)}

    monkeypatch.setattr(NormaliseTwin2D, '__call__', wrong)
    with pytest.raises(ValueError, match="the twin's input"):
        model.skeleton(video(), sample())


def test_checkpoint_and_device_leave_the_estimator_alone():
    model = chain()
    names = {name.split('.')[0] for name, _ in model.named_parameters()}
    assert names == {'backbone', 'cls_head'}
    model.train()
    assert not model.pose_estimator.model.training
    assert next(model.double().pose_estimator.model.parameters()).dtype == torch.float64
    assert copy.deepcopy(model).pose_estimator is not model.pose_estimator


@pytest.mark.parametrize(('options', 'words'), [
    (dict(boxes='live'), "boxes must be given or whole, got 'live'"),
    (dict(scores='none'), 'scores must be live, clean or one'),
    (dict(stored='float64'), 'stored must be float16 or float32'),
    (dict(aim='both'), 'aim must be action or pose'),
    (dict(pipeline=volume_pipeline()), 'pipeline must be one that gives joints'),
    (dict(pipeline=[dict(type='MMDecode')]), 'pipeline must be of transforms with twins: .*MMDec'),
    (dict(pipeline=graph_pipeline(3)), 'pipeline must be one of joints in a picture'),
    (dict(pose_estimator=dict(config='x.py')), 'pose_estimator.config x.py does not exist'),
    (dict(pose_estimator=dict(weights='x')), "pose_estimator has no option 'weights'"),
    (dict(data_preprocessor=dict(type='ActionDataPreprocessor', mean=[0, 0, 0], std=[1, 1, 1],
                                 format_shape='NCTHW')), 'as poses are estimated in frames'),
    (dict(backbone=dict(type='STGCN', graph_cfg=dict(layout='coco', mode='spatial'))),
     "pose_estimator must be one of the 17 joints of the backbone's graph, got '5 joints'"),
])  # fmt: skip
def test_wrong_options_are_refused(options, words):
    with pytest.raises((ValueError, FileNotFoundError), match=words):
        chain(**options)


@pytest.mark.parametrize(('given', 'words'), [
    (None, 'boxes must be packed with every video'),
    (sample(boxes()[:4]), r'boxes must be of shape \(6, persons, 4\), got \(4, 2, 4\)'),
    (sample(boxes() * np.nan), 'boxes must be of somebody in one frame at least'),
    (sample(shape=(30, 36)), 'boxes must be those of frames of 60 x 72 pixels'),
])  # fmt: skip
def test_missing_and_empty_boxes_are_refused(given, words):
    with pytest.raises(ValueError, match=words):
        chain()(inputs(video()), [given], mode='predict')


def test_whole_frames_need_no_boxes():
    frames, whole = video(), np.tile(np.array([[[0, 0, WIDTH, HEIGHT]]], np.float32), (6, 1, 1))
    found = chain(boxes='whole').skeleton(frames, None)
    assert torch.equal(found, chain().skeleton(frames, sample(whole)))


def test_clips_and_training_are_refused():
    model = chain()
    twice = inputs(video()).repeat(1, 2, 1, 1, 1, 1)
    with pytest.raises(ValueError, match='inputs must be whole videos'):
        model(twice, [sample()])
    with pytest.raises(ValueError, match='mode must be tensor or predict: .* trained by their own'):
        model(inputs(video()), [sample()], mode='loss')
