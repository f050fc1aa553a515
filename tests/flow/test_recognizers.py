"""Recognisers on their own flow, against plain ones on flow images."""

import copy
import pickle
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import cv2
import mmaction
import numpy as np
import pytest
import torch
from mmengine.config import Config
from recognizer_toys import (
    CLASSES,
    Learnt,
    Normal,
    Pointwise,
    Rounded,
    build,
    config_2d,
    config_3d,
    moving,
    synthetic,
    value_and_gradient,
    victim_clips,
)

from mmrobust.attacks.fgsm import FGSM
from mmrobust.engine.checkpoint_guard import CheckpointGuard
from mmrobust.flow.recognizers import FlowRecognizer2D, FlowRecognizer3D
from mmrobust.functional.flow_encoding import encode

torch.set_num_threads(1)
WHEEL = Path(mmaction.__file__).parent / '.mim' / 'configs' / 'recognition'
STOCK = {
    2: WHEEL / 'tsn' / 'tsn_imagenet-pretrained-r50_8xb32_5x1x3-110e_kinetics400-flow.py',
    3: WHEEL / 'slowonly' / 'slowonly_r50_8xb16-16x4x1-256e_kinetics400-flow.py',
}


def model_2d(estimator=None, fields=2, **options):
    return build(config_2d(fields=fields, flow_estimator=estimator or Normal(), **options))


def model_3d(estimator=None, **options):
    return build(config_3d(flow_estimator=estimator or Normal(), **options))


def plain(dimensions):
    cfg = {2: config_2d, 3: config_3d}[dimensions](f'Recognizer{dimensions}D')
    return build(cfg)


# --- what the backbone sees ---------------------------------------------------------------


def test_channels_of_a_2d_backbone_alternate_x_and_y():
    model, clips = model_2d(Pointwise()), moving(2, 3, 3)
    seen = []
    model.backbone.register_forward_pre_hook(lambda m, args: seen.append(args[0]))
    model(clips)
    assert seen[0].shape == (6, 4, 12, 14)
    frames = clips[1, 2].transpose(0, 1)
    for t in range(2):
        flow = Pointwise().estimate(frames[t : t + 1], frames[t + 1 : t + 2])[0]
        expected = (encode(flow) - 128) / 128
        assert torch.equal(seen[0][5, 2 * t : 2 * t + 2], expected)


def test_a_3d_backbone_gets_two_channels_over_time():
    model, clips = model_3d(Pointwise(), bound=10, flow_mean=100, flow_std=50), moving(2, 3, 4)
    seen = []
    model.backbone.register_forward_pre_hook(lambda m, args: seen.append(args[0]))
    model(clips)
    assert seen[0].shape == (6, 2, 3, 12, 14)
    first, second = clips[1, 0, :, 1], clips[1, 0, :, 2]
    flow = Pointwise().estimate(first[None], second[None])[0]
    assert torch.equal(seen[0][3, :, 1], (encode(flow, 10) - 100) / 50)


def test_pairs_leave_the_flow_between_pairs_out():
    model, clips = model_3d(sampling='pairs'), moving(1, 2, 6)
    stacked = model_3d().flow(clips)
    assert torch.equal(model.flow(clips), stacked[:, :, ::2])


def test_truncation_is_another_encoding():
    clips = moving(1, 1, 3)
    images = {r: model_2d(rounding=r).flow_images(clips) for r in ('round', 'truncate')}
    flow = model_2d().flow(clips)
    assert torch.equal(images['truncate'], encode(flow, 20, 'truncate'))
    assert torch.equal(images['round'], encode(flow, 20, 'round'))
    assert not torch.equal(images['truncate'], images['round'])


def test_many_views_without_a_gradient_are_computed_in_parts():
    estimator = Learnt()
    model, clips = model_2d(estimator), moving(1, 70, 3, 6, 6)
    with torch.no_grad():
        found = model.flow(clips)
    assert [count for count, _ in estimator.calls] == [64, 64, 12]
    whole = estimator(clips[0].transpose(1, 2)).unsqueeze(0)
    assert torch.allclose(found, whole, atol=1e-6)


@pytest.mark.parametrize('dimensions', [2, 3])
def test_all_modes_are_those_of_the_plain_recogniser(dimensions):
    ours = {2: model_2d, 3: model_3d}[dimensions]()
    stock, clips = plain(dimensions), moving(2, 3, 3)
    stock.load_state_dict(ours.state_dict())
    images = ours.flow_images(clips)
    images = images.flatten(2, 3) if dimensions == 2 else images.transpose(2, 3).contiguous()
    flow = (images - 128) / 128
    for stage in ('backbone', 'neck', 'head'):
        assert torch.equal(ours(clips, stage=stage), stock(flow, stage=stage))
    from mmaction.structures import ActionDataSample

    samples = [[ActionDataSample() for _ in range(2)] for _ in range(2)]
    found = ours(clips, samples[0], mode='predict')
    expected = stock(flow, samples[1], mode='predict')
    for one, other in zip(found, expected, strict=True):
        assert torch.equal(one.pred_score, other.pred_score)
        assert one.pred_score.max() > 1.2 / CLASSES


def test_training_needs_no_graph_of_the_flow():
    from mmaction.structures import ActionDataSample

    estimator = Learnt()
    model = model_2d(estimator).train()
    samples = [ActionDataSample().set_gt_label(label) for label in (1, 4)]
    data = {'inputs': [clip.byte() for clip in moving(2, 3, 3)], 'data_samples': samples}
    losses = model(**model.data_preprocessor(data, True), mode='loss')
    losses['loss_cls'].backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
    assert estimator.calls == [(12, False)]
    assert not estimator.training
    assert int(estimator.norm.num_batches_tracked) == 0


# --- weights ------------------------------------------------------------------------------


@pytest.mark.parametrize('dimensions', [2, 3])
def test_checkpoints_of_the_plain_recogniser_fit_exactly(dimensions):
    ours = {2: model_2d, 3: model_3d}[dimensions](Learnt())
    state = plain(dimensions).state_dict()
    assert set(state) == set(ours.state_dict())
    CheckpointGuard().after_load_checkpoint(SimpleNamespace(model=ours), {'state_dict': state})
    ours.load_state_dict(state)


def bottleneck_names():
    """Of TSN R50 in MMAction2 0.x (``mmaction/models``, branch 0.x).

    ``ResNet``: conv1, then layer1 to layer4 of 3, 4, 6, 3 bottlenecks with conv1
    to conv3 and, in the first of each, downsample; each a ConvModule of conv
    and bn. ``TSNHead``: fc_cls.
    """
    modules = ['conv1']
    for layer, blocks in enumerate((3, 4, 6, 3), start=1):
        for block in range(blocks):
            parts = ['conv1', 'conv2', 'conv3'] + ['downsample'] * (block == 0)
            modules += [f'layer{layer}.{block}.{part}' for part in parts]
    norm = ('weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked')
    leaves = ['conv.weight', *(f'bn.{name}' for name in norm)]
    names = {f'backbone.{module}.{leaf}' for module in modules for leaf in leaves}
    return names | {'cls_head.fc_cls.weight', 'cls_head.fc_cls.bias'}


def test_checkpoints_of_the_0x_branch_have_these_names():
    cfg = Config.fromfile(STOCK[2]).model
    cfg.backbone.pretrained = None
    del cfg.data_preprocessor
    cfg.update(type='mmrobust.FlowRecognizer2D', flow_estimator=Normal())
    with torch.device('meta'):
        model = build(cfg)
    state = model.state_dict()
    assert set(state) == bottleneck_names()
    assert state['backbone.conv1.conv.weight'].shape == (64, 10, 7, 7)
    assert state['cls_head.fc_cls.weight'].shape == (400, 2048)


def test_the_estimator_moves_with_the_model_and_is_not_trained():
    estimator = Learnt()
    model = model_2d(estimator)
    outer = torch.nn.Sequential(model).train()
    assert model.flow_estimator is estimator
    assert not estimator.training
    assert not any(p.requires_grad for p in estimator.parameters())
    assert not any(module is estimator for module in model.modules())
    outer.double()
    assert {p.dtype for p in estimator.parameters()} == {torch.float64}
    outer.to('meta')
    assert estimator.norm.running_mean.device.type == 'meta'


def test_a_copy_has_its_own_estimator():
    model = model_2d(Learnt())
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert other.flow_estimator is not model.flow_estimator
        other.double()
        assert model.flow_estimator.layer.weight.dtype == torch.float32


# --- refusals -----------------------------------------------------------------------------


@pytest.mark.parametrize('shape', [(2, 3, 3, 1, 8, 8), (2, 3, 3, 8, 8), (2, 3, 1, 4, 8, 8)])
def test_what_is_no_clip_of_rgb_frames_is_refused(shape):
    with pytest.raises(ValueError, match=r'clips \(N, M, 3, F, H, W\).*FormatShape') as error:
        model_2d()(torch.zeros(shape))
    assert '\n' not in str(error.value)
    assert str(shape) in str(error.value)


@pytest.mark.parametrize(
    ('sampling', 'frames', 'channels', 'fit'),
    [('stack', 4, 6, 'clip_len=6'), ('pairs', 4, 4, r'SamplePairs\(clip_len=5\)')],
)
def test_a_clip_that_does_not_fit_the_backbone_is_refused(sampling, frames, channels, fit):
    model = model_2d(fields=5, sampling=sampling)
    message = rf'{channels} flow channels.*takes 10; sample with {fit}$'
    with pytest.raises(ValueError, match=message):
        model(moving(1, 1, frames))


def test_an_odd_number_of_frames_makes_no_pairs():
    with pytest.raises(ValueError, match='even number of frames, got 5; .*SamplePairs'):
        model_3d(sampling='pairs')(moving(1, 1, 5))


def test_normalised_frames_are_refused_at_construction():
    mean = dict(type='ActionDataPreprocessor', mean=[128] * 3, std=[128] * 3, format_shape='NCTHW')
    with pytest.raises(ValueError, match=r'no mean and std.*_delete_=True, type=') as error:
        model_2d(data_preprocessor=mean)
    assert '\n' not in str(error.value)
    model_2d(data_preprocessor=None)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(bound=0), 'bound must be'),
        (dict(rounding='floor'), 'rounding must be round or truncate'),
        (dict(flow_std=0), 'flow_std must be'),
        (dict(flow_mean=float('nan')), 'flow_mean must be'),
        (dict(sampling='pair'), 'sampling must be stack or pairs'),
        (dict(flow_estimator=dict(type='Unheard')), "unknown flow estimator 'Unheard'"),
        (dict(flow_estimator='TVL1'), 'flow estimator must be a config dict'),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        build(config_2d(**({'flow_estimator': Normal()} | options)))


def test_a_backbone_for_no_flow_is_refused_at_construction():
    with pytest.raises(ValueError, match='in_channels must be 2, .*got 3'):
        model_3d(channels=3)
    cfg = config_2d(flow_estimator=Normal())
    cfg['backbone']['in_channels'] = 3
    with pytest.raises(ValueError, match='in_channels must be an even number.*got 3'):
        build(cfg)


def test_an_unknown_option_is_refused():
    with pytest.raises(TypeError, match='boundary'):
        model_2d(boundary=20)


# --- against flow images on disk ----------------------------------------------------------


def write_flow(folder, estimator, frames):
    """Flow images of a video (T, H, W, 3), lossless, as the stock configs read them."""
    folder.mkdir(parents=True)
    clip = torch.from_numpy(frames.copy()).permute(0, 3, 1, 2).float()
    images = encode(estimator(clip[None]))[0].numpy().astype(np.uint8)
    for number, (x, y) in enumerate(images, start=1):
        cv2.imwrite(str(folder / f'x_{number:05d}.png'), x)
        cv2.imwrite(str(folder / f'y_{number:05d}.png'), y)
    return len(images)


def flow_dataset(dimensions, tmp_path, estimator, videos, crop, num_clips):
    """The stock config's data set on the flow images of the embedded videos."""
    from mmaction.registry import DATASETS

    lines = []
    for number in range(len(videos)):
        fields = write_flow(tmp_path / str(number), estimator, videos.frames(number))
        lines.append(f'{number} {fields} 0\n')
    (tmp_path / 'list.txt').write_text(''.join(lines))
    cfg = Config.fromfile(STOCK[dimensions])
    dataset = cfg.test_dataloader.dataset
    steps = [step for step in dataset.pipeline if not step['type'].endswith('Crop')]
    for step in steps:
        if step['type'] == 'SampleFrames':
            step['num_clips'] = num_clips
        if step['type'] == 'Resize':
            step['scale'] = (-1, 96)
    crops = [step for step in videos.pipeline.transforms if type(step).__name__ == crop]
    dataset.pipeline = [*steps[:3], *crops, *steps[3:]]
    dataset.update(
        ann_file=str(tmp_path / 'list.txt'),
        data_prefix=dict(img=str(tmp_path)),
        filename_tmpl='{}_{:05d}.png',
    )
    return DATASETS.build(dataset), cfg


SIX = dict(type='SampleFrames', clip_len=6, num_clips=3, test_mode=True)
PAIRS = dict(
    type='mmrobust.SamplePairs', clip_len=16, frame_interval=4, num_clips=2, test_mode=True
)
# The whole frame where the estimator looks at neighbours, crops where it does not.
CASES = {
    'tsn': (2, Normal, SIX, 'none'),
    'tsn-crop': (2, Pointwise, SIX, 'CenterCrop'),
    'slowonly': (3, Normal, PAIRS, 'none'),
    'slowonly-crop': (3, Pointwise, PAIRS, 'ThreeCrop'),
}


def small(cfg, dimensions):
    """The stock flow model with a tiny backbone."""
    tiny = {2: config_2d(fields=5), 3: config_3d()}[dimensions]
    cfg.backbone, cfg.cls_head = tiny['backbone'], tiny['cls_head']
    return cfg


@pytest.mark.parametrize('case', CASES)
@pytest.mark.slow
def test_predictions_are_those_of_flow_images(case, tmp_path):
    """Same weights; one model on PNGs of flow, one on the frames."""
    dimensions, kind, sampler, crop = CASES[case]
    estimator, frames = kind(), synthetic(size=96, sampler=sampler, crop=crop)
    num_clips = sampler['num_clips']
    dataset, cfg = flow_dataset(dimensions, tmp_path, estimator, frames, crop, num_clips)
    stock = build(small(cfg.model, dimensions))
    delta = dict(type=f'mmrobust.FlowRecognizer{dimensions}D', flow_estimator=estimator)
    delta |= dict(sampling='pairs') if dimensions == 3 else {}
    ours_cfg = small(cfg.model, dimensions)
    ours_cfg.pop('data_preprocessor')
    ours = build(ours_cfg | delta)
    ours.load_state_dict(stock.state_dict())
    with torch.no_grad():
        for number in range(2):
            batches = [
                # Contiguous: convolutions add up in another order where memory lies otherwise.
                {'inputs': [item['inputs'].contiguous()], 'data_samples': [item['data_samples']]}
                for item in (dataset[number], frames[number])
            ]
            (expected,), (found,) = stock.test_step(batches[0]), ours.test_step(batches[1])
            assert torch.equal(found.pred_score, expected.pred_score)
            assert expected.pred_score.max() > 1.2 / CLASSES
    # As predictions could hide much: the images themselves.
    images = ours.flow_images(batches[1]['inputs'][0][None].float())[0]
    images = images.flatten(1, 2) if dimensions == 2 else images.transpose(1, 2)
    assert torch.equal(images, batches[0]['inputs'][0].float())
    assert len(images.unique()) > 20


# --- mirrored clips -----------------------------------------------------------------------


def test_flow_of_a_mirrored_clip_is_mirrored_and_turned_about():
    model, clips = model_2d(), moving(2, 2, 3)
    flow, mirrored = model.flow(clips), model.flow(clips.flip(-1))
    expected = flow.flip(-1) * torch.tensor([-1.0, 1.0]).reshape(2, 1, 1)
    assert torch.equal(mirrored, expected)
    assert flow[..., 0, :, :].abs().max() > 1


def test_ten_crops_of_frames_have_the_mirrored_flow_that_those_of_flow_images_lack():
    """MMAction2's TenCrop mirrors flow images and leaves x as it is."""
    from mmaction.registry import TRANSFORMS

    def ten_crops(images, shape, modality):
        crop = TRANSFORMS.build(dict(type='TenCrop', crop_size=64))
        pack = TRANSFORMS.build(dict(type='FormatShape', input_format=shape))
        state = dict(imgs=list(images), modality=modality, img_shape=images[0].shape[:2])
        state |= dict(clip_len=len(images), num_clips=1)
        return torch.from_numpy(pack(crop(state))['imgs'].copy()).float()

    model, frames = model_2d(), synthetic().frames(0)[:6]
    ours = model.flow(ten_crops(frames, 'NCTHW', 'RGB')[None])[0]
    turned = ours[0::2].flip(-1) * torch.tensor([-1.0, 1.0]).reshape(2, 1, 1)
    assert torch.equal(ours[1::2], turned)
    clip = torch.from_numpy(frames.copy()).permute(3, 0, 1, 2).float()[None, None]
    images = model.flow_images(clip)[0, 0].permute(0, 2, 3, 1).numpy().astype(np.uint8)
    stock = ten_crops(images, 'NCHW', 'Flow')
    assert torch.equal(stock[1::2], stock[0::2].flip(-1))


def test_stock_flip_of_flow_images_is_what_the_documentation_says():
    from mmaction.registry import TRANSFORMS

    flip = TRANSFORMS.build(dict(type='Flip', flip_ratio=1.0))
    field = np.stack([np.full((4, 5), 100), np.full((4, 5), 50)], axis=-1).astype(np.uint8)
    state = flip(dict(imgs=[field.copy() for _ in range(4)], modality='Flow', img_shape=(4, 5)))
    values = [tuple(int(v) for v in image[0, 0]) for image in state['imgs']]
    assert values == [(155, 205), (100, 50), (155, 205), (100, 50)]


# --- under attack -------------------------------------------------------------------------


@pytest.fixture(scope='module')
def attacked():
    """Tiny models bound to two embedded videos of six views each."""
    pairs = dict(type='mmrobust.SamplePairs', clip_len=2, frame_interval=3, num_clips=2)
    return {
        '2d': (model_2d(), synthetic()),
        '3d': (model_3d(), synthetic()),
        'pairs': (
            model_3d(sampling='pairs'),
            synthetic(sampler=pairs | dict(test_mode=True)),
        ),
    }


@pytest.mark.parametrize('name', ['2d', '3d', 'pairs'])
def test_fgsm_reaches_the_pixels(attacked, name):
    model, dataset = attacked[name]
    victim, loaded, clips, pixels = victim_clips(model, dataset)
    outputs, slope = value_and_gradient(clips, pixels)
    reached = slope.abs().sum(dim=(1, 3, 4)) > 0
    assert bool(reached.all())
    with torch.no_grad():
        samples, _ = victim.predict(loaded.data)
    stock = torch.stack([sample.pred_score for sample in samples])
    assert torch.allclose(outputs.softmax(-1), stock, atol=1e-5)
    labels = outputs.argmax(1)
    for outcome in FGSM()(clips, pixels, labels):
        assert outcome.linf > 0
        assert outcome.forwards == outcome.backwards == 1


@pytest.mark.parametrize('name', ['2d', '3d'])
def test_view_chunked_equals_full(attacked, name):
    model, dataset = attacked[name]
    found = []
    for limit, wanted in ((1e-9, 1), (64.0, 6)):
        _, _, clips, pixels = victim_clips(model, dataset, memory_limit=limit)
        assert clips.owner.views_at_once(clips, pixels) == wanted
        found.append(value_and_gradient(clips, pixels))
    (y1, g1), (y2, g2) = found
    assert torch.allclose(y1, y2, atol=1e-4)
    assert float((g1 - g2).norm() / g2.norm()) < 1e-3
    assert float(g2.abs().max()) > 0


def test_incremental_attack_gradients_are_the_full_ones(attacked):
    model, dataset = attacked['2d']
    _, _, clips, pixels = victim_clips(model, dataset)
    expected = value_and_gradient(clips, pixels)
    with model.incremental() as memo:
        for _ in range(2):
            found = value_and_gradient(clips, pixels)
        # Views overlap: what matters is that nothing was computed a second time.
        assert memo.reused >= memo.computed > 0
    assert torch.allclose(found[0], expected[0], atol=1e-5)
    assert float((found[1] - expected[1]).norm() / expected[1].norm()) < 1e-4


def test_one_clip_of_several_crops_computes_only_the_pairs_of_a_changed_frame():
    model = model_2d(fields=10)
    dataset = synthetic(count=1, sampler=dict(type='mmrobust.SampleStacks'))
    _, _, clips, pixels = victim_clips(model, dataset)
    (first, _) = clips.clips()
    changed = pixels.clone()
    changed[:, :, 4] = 255 - changed[:, :, 4]
    expected = value_and_gradient(first.victim, changed)
    with model.incremental() as memo:
        value_and_gradient(first.victim, pixels)
        # Three crops of eleven frames.
        assert memo.computed == 30
        found = value_and_gradient(first.victim, changed)
        assert memo.computed == 30 + 3 * 2
    assert torch.allclose(found[0], expected[0], atol=1e-5)
    assert float((found[1] - expected[1]).norm() / expected[1].norm()) < 1e-4


def test_a_black_box_estimator_says_so():
    model = model_2d(Rounded())
    victim, loaded, clips, pixels = victim_clips(model, synthetic())
    with torch.no_grad():
        labels = victim.predict(loaded.data)[1].argmax(1)
    with pytest.raises(ValueError, match='^Rounded has no gradient; .*backward') as error:
        FGSM()(clips, pixels, labels)
    assert '\n' not in str(error.value)


def test_a_stand_in_gradient_makes_the_black_box_attackable():
    model = model_2d(Rounded(backward=Pointwise()))
    _, _, clips, pixels = victim_clips(model, synthetic())
    _, slope = value_and_gradient(clips, pixels)
    assert bool((slope.abs().sum(dim=(1, 3, 4)) > 0).all())


def test_a_video_score_is_the_mean_over_its_stacks():
    model = model_2d(fields=10)
    dataset = synthetic(count=1, sampler=dict(type='mmrobust.SampleStacks'))
    _, loaded, clips, pixels = victim_clips(model, dataset)
    (layout,) = loaded.layouts
    # 32 frames: two stacks of eleven, three crops each.
    assert layout.views == 6
    assert pixels.shape[2] == 22
    with torch.no_grad():
        video = clips(pixels)
        stacks = torch.stack([clips.part(pixels, [v])[0, 0] for v in range(6)])
    assert torch.allclose(video[0], stacks.mean(0), atol=1e-4)


# --- by name ------------------------------------------------------------------------------


def test_both_classes_are_registered():
    from mmrobust.registry import MODELS

    assert MODELS.get('FlowRecognizer2D') is FlowRecognizer2D
    assert MODELS.get('FlowRecognizer3D') is FlowRecognizer3D


@pytest.mark.slow
def test_a_config_needs_no_import_of_the_recognisers():
    """The prefix of the type is enough."""
    cfg = config_3d(flow_estimator=dict(type='Farneback'))
    script = (
        'import sys, mmrobust\n'
        'from mmengine.registry import MODELS, init_default_scope\n'
        "assert not {'mmrobust.registry', 'mmrobust.flow'} & set(sys.modules)\n"
        "init_default_scope('mmaction')\n"
        f'print(type(MODELS.build({cfg!r})).__name__)\n'
    )
    command = [sys.executable, '-W', 'ignore', '-c', script]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.split()[-1] == 'FlowRecognizer3D'
