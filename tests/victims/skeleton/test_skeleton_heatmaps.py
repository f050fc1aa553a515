"""Volumes of heatmaps: PoseC3D's input as the pipeline draws it, and its slopes."""

import itertools

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmrobust.attacks.pgd import PGD
from mmrobust.engine.victims import build_victim, victim_kind
from mmrobust.functional.joint_heatmaps import joint_heatmaps, limb_heatmaps
from mmrobust.threats import JointL2
from mmrobust.victims.samples import RefusedError
from mmrobust.victims.skeleton import SkeletonVictim
from mmrobust.victims.skeleton.path import CLOSE, TrackPath

from .test_skeleton_victim import Data, attacked, batch
from .toys import LEFT, RIGHT, heatmap_pipeline, loaded, refusal, sample, transforms


@pytest.mark.parametrize(
    ('limbs', 'dtype'), itertools.product((False, True), (np.float16, np.float32))
)
def test_skeleton_heatmaps_are_those_of_the_pipeline(limbs, dtype):
    configs = heatmap_pipeline(limbs=limbs)
    path = TrackPath(transforms(configs))
    for persons, frames in ((1, 1), (2, 3), (3, 9), (1, 30)):
        info = sample(2, persons=persons, frames=frames, dtype=dtype, seed=frames)
        # Ends of limbs at one place, and a score of nothing.
        info['keypoint'][0, 0, 7] = info['keypoint'][0, 0, 5]
        info['keypoint_score'][0, 0, 9] = 5e-5
        stock = {k: v.copy() if hasattr(v, 'copy') else v for k, v in info.items()}
        for step in transforms(configs):
            stock = step(stock)
        packed, layout = loaded(configs, info)
        assert torch.equal(packed['inputs'], stock['inputs'])
        assert torch.equal(layout.render(layout.pixels()), stock['inputs'])
        assert layout.shape == tuple(stock['inputs'].shape)
        rest = {k: v for k, v in info.items() if k != 'keypoint'}
        track = torch.from_numpy(info['keypoint'].astype(np.float64))
        twin = path.twin(rest, track, np.dtype(dtype))
        assert float((twin - stock['inputs']).abs().max()) <= CLOSE
        assert float(twin.max()) > 0.05


@pytest.mark.parametrize('change', [{'use_score': False}, {'scaling': 0.5}, {'sigma': 1.2}])
def test_skeleton_heatmaps_with_other_options(change):
    configs = heatmap_pipeline()
    configs[5] |= change
    packed, layout = loaded(configs, sample(2, frames=6))
    assert torch.equal(layout.render(layout.pixels()), packed['inputs'])


def test_skeleton_heatmaps_without_scores_ratio_or_crop():
    configs = heatmap_pipeline()
    configs[2:5] = [
        {'type': 'PoseCompact'},
        {'type': 'Resize', 'scale': (24, 20), 'keep_ratio': False},
    ]
    info = sample(2, frames=6)
    del info['keypoint_score']
    packed, layout = loaded(configs, info)
    assert torch.equal(layout.render(layout.pixels()), packed['inputs'])
    assert packed['inputs'].shape[-2:] == (20, 24)


def test_blob_has_the_gaussian_s_value_and_slope():
    place = torch.tensor([[[[5.3, 4.6]]]], dtype=torch.float64, requires_grad=True)
    score = torch.tensor([[[0.7]]], dtype=torch.float64)
    maps = joint_heatmaps(place, score, (10, 12), 0.6)
    y, x = np.mgrid[:10, :12]
    known = 0.7 * np.exp(-((x - 5.3) ** 2 + (y - 4.6) ** 2) / (2 * 0.36))
    inside = (x >= 3) & (x <= 7) & (y >= 2) & (y <= 6)
    assert maps[0, 0].detach().numpy() == pytest.approx(np.where(inside, known, 0))
    slope = torch.autograd.grad(maps[0, 0, 4, 5], place)[0].flatten().tolist()
    h = known[4, 5]
    assert slope == pytest.approx([h * (5 - 5.3) / 0.36, h * (4 - 4.6) / 0.36])


def test_heatmap_slopes_are_exact_away_from_edges():
    generator = torch.Generator().manual_seed(0)
    places = 2 + 4 * torch.rand(1, 2, 4, 2, generator=generator, dtype=torch.float64)
    scores = 0.2 + torch.rand(1, 2, 4, generator=generator, dtype=torch.float64)
    limbs, size = [(0, 1), (2, 3)], (8, 8)
    leaf = places.requires_grad_()
    assert torch.autograd.gradcheck(lambda p: joint_heatmaps(p, scores, size, 0.6), leaf)
    assert torch.autograd.gradcheck(lambda p: limb_heatmaps(p, scores, limbs, size, 0.6), leaf)


def test_blob_jumps_at_the_edge_of_its_window():
    # At 1.8 pixels the blob is cut: a pixel falls from exp(-4.5) of the height to nothing.
    score = torch.ones(1, 1, 1, dtype=torch.float64)

    def at(x):
        place = torch.tensor([[[[x, 5.0]]]], dtype=torch.float64)
        return float(joint_heatmaps(place, score, (11, 11), 0.6)[0, 0, 5, 6])

    assert at(4.2 + 1e-6) == pytest.approx(np.exp(-4.5), rel=1e-4)
    assert at(4.2 - 1e-6) == 0


def test_skeleton_mirrored_volumes_are_those_of_mirrored_joints():
    info = sample(2, frames=6)
    info['keypoint'][0, 3] = 7
    configs = heatmap_pipeline()
    packed, _ = loaded(configs, info)
    views = packed['inputs']
    plain, mirrored = views[:3], views[3:]
    order = list(range(17))
    for one, other in zip(LEFT, RIGHT, strict=True):
        order[one], order[other] = other, one
    assert torch.equal(mirrored, plain.flip(-1)[:, order])


def test_skeleton_box_of_the_outermost_joint_moves_all_without_a_slope():
    info = sample(2, frames=6)
    configs = heatmap_pipeline(double=False)
    _, layout = loaded(configs, info, unit='native')
    clean = layout.pixels()
    frame, joint = divmod(int(clean[0, :, :, 0].argmax()), clean.shape[2])
    moved = clean.clone()
    moved[0, frame, joint, 0] += 25
    sampled = transforms(configs)[0].transform({'total_frames': 6})['frame_inds']
    others = torch.from_numpy(sampled.reshape(3, 4) != frame)
    leaf = clean.clone().requires_grad_()
    drawn = layout.render(leaf)
    gradient = torch.autograd.grad(drawn.transpose(1, 2)[others].sum(), leaf)[0]
    assert float(gradient[:, frame].abs().sum()) == 0
    change = (layout.render(moved) - drawn.detach()).transpose(1, 2)[others]
    assert float(change.abs().max()) > 1e-3


@pytest.mark.parametrize(('place', 'change', 'words'), [
    (2, {'hw_ratio': (0.5, 1.0)}, 'PoseCompact.hw_ratio must be one number'),
    (3, {'lazy': True}, 'Resize.lazy must be False'),
    (4, {'lazy': True}, 'CenterCrop.lazy must be False'),
    (5, {'with_kp': True, 'with_limb': True}, 'GeneratePoseTarget must be of joints or of limbs'),
    (6, {'input_format': 'NCTHW'}, 'FormatShape.input_format must be NCTHW_Heatmap'),
])  # fmt: skip
def test_skeleton_heatmaps_that_cannot_be_followed_are_refused(place, change, words):
    configs = heatmap_pipeline()
    configs[place] |= change
    with pytest.raises(RefusedError, match=words):
        TrackPath(transforms(configs))


def test_skeleton_heatmaps_need_the_picture_s_size():
    info = sample(2)
    del info['img_shape']
    assert 'img_shape must be given for PoseCompact' in refusal(heatmap_pipeline(), info)


def build(**options):
    """A tiny PoseC3D with random weights, and its config."""
    from mmaction.registry import MODELS

    torch.manual_seed(0)
    backbone = {
        'type': 'ResNet3dSlowOnly',
        'depth': 18,
        'pretrained': None,
        'in_channels': 17,
        'base_channels': 4,
        'num_stages': 2,
        'out_indices': (1,),
        'stage_blocks': (1, 1),
        'conv1_stride_s': 1,
        'pool1_stride_s': 1,
        'inflate': (0, 1),
        'spatial_strides': (2, 2),
        'temporal_strides': (1, 1),
        'dilations': (1, 1),
    }
    head = {'type': 'I3DHead', 'in_channels': 8, 'num_classes': 5, 'average_clips': 'prob'}
    model = MODELS.build({'type': 'Recognizer3D', 'backbone': backbone, 'cls_head': head})
    torch.nn.init.normal_(model.cls_head.fc_cls.weight, std=30.0)
    config = {'test_dataloader': {'dataset': {'pipeline': heatmap_pipeline()}}}
    return build_victim(model.eval(), options, config), config


def test_skeleton_volumes_are_found_by_the_pipeline():
    victim, config = build()
    assert type(victim) is SkeletonVictim
    kind = type(victim.model)
    assert victim_kind(kind, config) == 'SkeletonVictim'
    assert victim_kind(kind, Config(config)) == 'SkeletonVictim'
    assert victim_kind(kind) == victim_kind(kind, Config({})) == 'ActionVictim'
    wrapped = {'test_dataloader': {'dataset': {'datasets': [config['test_dataloader']['dataset']]}}}
    assert victim_kind(kind, wrapped) == 'SkeletonVictim'


def test_skeleton_volumes_are_attacked_in_the_joints():
    victim, config = build()
    data = Data(config['test_dataloader']['dataset']['pipeline'])
    infos = [sample(2, persons=2, frames=6, seed=s) for s in range(2)]
    clean = batch(victim, data, infos)
    samples, outputs = victim.predict(clean.data)
    for rows, bound, pixels in victim.batches(clean):
        assert torch.allclose(bound(pixels), outputs[rows], atol=1e-5)
        scores = torch.stack([samples[row].pred_score for row in rows.tolist()])
        assert torch.allclose(bound(pixels).softmax(1), scores, atol=1e-6)
    attack = PGD(threat=JointL2(0.1), steps=2, early_stop=False)
    loaded_ones, outcomes = attacked(victim, data, infos, attack)
    for info, layout, outcome in zip(infos, loaded_ones.layouts, outcomes, strict=True):
        moved = (outcome.adversarial != layout.pixels()).any(dim=0)
        assert bool(moved.any())
        missing = torch.from_numpy((info['keypoint'] == 0).all(-1)).permute(1, 2, 0)
        assert not bool((moved & missing).any())
        assert 'zero_gradient' not in outcome.flags


def test_skeleton_volumes_have_no_views_of_their_own():
    victim, config = build(space='view')
    with pytest.raises(ValueError, match='space must be track for heatmaps'):
        victim.install(Data(config['test_dataloader']['dataset']['pipeline']))
