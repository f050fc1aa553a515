"""Two streams on one clip, against each stream alone."""

import pytest
import torch
from recognizer_toys import (
    CLASSES,
    RAW,
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
from mmrobust.flow.recognizers import TwoStreamRecognizer
from mmrobust.registry import MODELS

pytestmark = pytest.mark.sampled(3)

torch.set_num_threads(1)
MEAN, STD = [110.0, 120.0, 130.0], [50.0, 60.0, 70.0]


def preprocessor(shape):
    return dict(type='ActionDataPreprocessor', mean=MEAN, std=STD, format_shape=shape)


def rgb_2d():
    cfg = config_2d('Recognizer2D', data_preprocessor=preprocessor('NCHW'))
    cfg['backbone']['in_channels'] = 3
    return cfg


def rgb_3d():
    return config_3d('Recognizer3D', channels=3, data_preprocessor=preprocessor('NCTHW'))


def motion_2d(estimator=None, **options):
    return config_2d(flow_estimator=estimator or Normal(), **options)


def motion_3d(estimator=None, **options):
    return config_3d(flow_estimator=estimator or Normal(), **options)


RGB = {'2d': rgb_2d, '3d': rgb_3d}
MOTION = {'2d': motion_2d, '3d': motion_3d}
MIXTURES = [('2d', '2d'), ('2d', '3d'), ('3d', '2d'), ('3d', '3d')]


def two_stream(rgb='3d', motion='3d', estimator=None, **options):
    kind = dict(type='mmrobust.TwoStreamRecognizer')
    return build(kind | dict(rgb=RGB[rgb](), motion=MOTION[motion](estimator)) | options)


def batch(clips):
    from mmaction.structures import ActionDataSample

    samples = [ActionDataSample() for _ in clips]
    return {'inputs': [clip.byte() for clip in clips], 'data_samples': samples}


def scores(model, clips):
    """Scores (N, K) of the stock test step."""
    with torch.no_grad():
        return torch.stack([s.pred_score for s in model.test_step(batch(clips))])


def alone(model, name, clips, averaging, frames=None):
    """A stream's scores by its own test step, as a model of its own."""
    stream = model.backbone[name]
    if frames is not None:
        clips = clips[:, :, :, frames]
        if type(stream).__name__ == 'Recognizer2D':
            clips = clips.transpose(2, 3).flatten(1, 2)
    before = stream.cls_head.average_clips
    stream.cls_head.average_clips = averaging
    try:
        return scores(stream, clips)
    finally:
        stream.cls_head.average_clips = before


# --- scores -------------------------------------------------------------------------------


@pytest.mark.parametrize(('rgb', 'motion'), MIXTURES)
def test_scores_are_the_weighted_sum_of_the_streams_own(rgb, motion):
    model, clips = two_stream(rgb, motion, weights=(1.0, 1.5)), moving(2, 4, 3)
    expected = alone(model, 'rgb', clips, 'score', [0, 1, 2])
    expected = expected + 1.5 * alone(model, 'motion', clips, 'score')
    found = scores(model, clips)
    assert torch.allclose(found, expected, atol=1e-4)
    assert found.std() > 0.1


@pytest.mark.parametrize(('rgb', 'motion'), MIXTURES)
def test_probabilities_are_the_weighted_mean_of_the_streams_own(rgb, motion):
    model, clips = two_stream(rgb, motion, weights=(1.0, 3.0), fusion='prob'), moving(2, 4, 3)
    expected = alone(model, 'rgb', clips, 'prob', [0, 1, 2]) / 4
    expected = expected + 3 / 4 * alone(model, 'motion', clips, 'prob')
    found = scores(model, clips)
    assert torch.allclose(found, expected, atol=1e-5)
    assert torch.allclose(found.sum(1), torch.ones(2))
    assert found.max() > 1.2 / CLASSES


@pytest.mark.parametrize('fusion', ['score', 'prob'])
def test_a_stream_of_weight_zero_does_not_count(fusion):
    model, clips = two_stream(weights=(0.0, 1.0), fusion=fusion), moving(1, 2, 3)
    leaf = clips.clone().requires_grad_()
    output = model(leaf, stage='head')
    (slope,) = torch.autograd.grad(output[:, 0].sum(), leaf)
    assert bool(slope.isfinite().all())
    assert torch.allclose(scores(model, clips), alone(model, 'motion', clips, fusion), atol=1e-5)


@pytest.mark.parametrize(
    ('named', 'positions'),
    [('all', [0, 1, 2, 3, 4]), ('first', [0]), ('middle', [2]), ([4, 1], [4, 1])],
)
@pytest.mark.parametrize('rgb', ['2d', '3d'])
def test_the_rgb_stream_sees_the_frames_that_it_shall(named, positions, rgb):
    model, clips = two_stream(rgb, rgb_frames=named), moving(2, 2, 5)
    seen = []
    handle = model.backbone['rgb'].backbone.register_forward_pre_hook(
        lambda module, args: seen.append(args[0])
    )
    scores(model, clips)
    handle.remove()
    mean, std = (torch.tensor(v).reshape(3, 1, 1, 1) for v in (MEAN, STD))
    expected = ((clips[:, :, :, positions] - mean) / std).flatten(0, 1)
    if rgb == '2d':
        expected = expected.transpose(1, 2).flatten(0, 1)
    assert torch.equal(seen[0], expected)


def test_stages_and_training():
    from mmaction.structures import ActionDataSample

    model, clips = two_stream('2d', '2d', Learnt(), rgb_frames='first'), moving(2, 3, 3)
    rows = model(clips)
    assert [tuple(part.shape) for part in rows] == [(2, 1, CLASSES)] * 2
    assert torch.allclose(model(clips, stage='head'), scores(model, clips), atol=1e-4)
    samples = [ActionDataSample().set_gt_label(label) for label in (1, 4)]
    losses = model.train()(clips, samples, mode='loss')
    losses['loss_cls'].backward()
    assert all(p.grad is not None for p in model.parameters())
    assert model.backbone['motion'].flow_estimator.calls[-1] == (12, False)
    assert not model.backbone['motion'].flow_estimator.training


# --- weights ------------------------------------------------------------------------------


def saved(cfg, path, seed):
    model = build(cfg, seed)
    torch.save({'state_dict': model.state_dict(), 'meta': {}}, path)
    return model


def test_streams_are_loaded_from_their_own_checkpoints(tmp_path):
    one = saved(rgb_3d(), tmp_path / 'rgb.pth', 1)
    # A plain flow recogniser's checkpoint, as MMAction2 writes it.
    plain = config_3d('Recognizer3D')
    other = saved(plain, tmp_path / 'flow.pth', 2)
    paths = dict(rgb_checkpoint=str(tmp_path / 'rgb.pth'))
    paths |= dict(motion_checkpoint=str(tmp_path / 'flow.pth'))
    torch.manual_seed(5)
    model = MODELS.build(
        dict(type='mmrobust.TwoStreamRecognizer', rgb=rgb_3d(), motion=motion_3d(Learnt())) | paths
    )
    model.init_weights()
    fused = {f'backbone.rgb.{k}': v for k, v in one.state_dict().items()}
    fused |= {f'backbone.motion.{k}': v for k, v in other.state_dict().items()}
    state = model.state_dict()
    assert set(state) == set(fused)
    assert all(torch.equal(state[name], value) for name, value in fused.items())


def test_a_wrong_checkpoint_is_refused_by_name(tmp_path):
    saved(rgb_2d(), tmp_path / 'other.pth', 1)
    with pytest.raises(ValueError, match='other.pth: checkpoint does not match') as error:
        two_stream(rgb_checkpoint=str(tmp_path / 'other.pth'))
    assert '\n' not in str(error.value)
    with pytest.raises(FileNotFoundError, match='nowhere.pth'):
        two_stream(motion_checkpoint=str(tmp_path / 'nowhere.pth'))


def test_streams_without_a_checkpoint_are_initialised(monkeypatch):
    model, called = two_stream(), []
    for name in ('rgb', 'motion'):
        monkeypatch.setattr(
            model.backbone[name], 'init_weights', lambda name=name: called.append(name)
        )
    model.init_weights()
    assert called == ['rgb', 'motion']


def test_all_of_it_moves():
    estimator = Learnt()
    model = two_stream(estimator=estimator).double()
    assert {p.dtype for p in model.parameters()} == {torch.float64}
    assert estimator.layer.weight.dtype == torch.float64


# --- under attack -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('rgb', 'motion', 'fusion'),
    [('3d', '3d', 'prob'), ('3d', '2d', 'score'), ('2d', '3d', 'prob'), ('2d', '2d', 'score')],
)
def test_the_victim_scores_as_the_test_step(rgb, motion, fusion):
    model = two_stream(rgb, motion, fusion=fusion, rgb_frames='middle')
    victim, loaded, clips, pixels = victim_clips(model, synthetic())
    outputs, slope = value_and_gradient(clips, pixels)
    with torch.no_grad():
        samples, predicted = victim.predict(loaded.data)
    stock = torch.stack([sample.pred_score for sample in samples])
    softened = outputs if fusion == 'score' else outputs.softmax(-1)
    assert torch.allclose(softened, stock, atol=1e-4)
    assert torch.allclose(predicted, outputs, atol=1e-4)
    assert bool((slope.abs().sum(dim=(1, 3, 4)) > 0).all())


@pytest.mark.parametrize(
    ('rgb', 'motion', 'fusion'),
    [('3d', '3d', 'prob'), ('3d', '3d', 'score'), ('2d', '3d', 'score')],
)
def test_view_chunked_equals_full(rgb, motion, fusion):
    model, dataset = two_stream(rgb, motion, fusion=fusion), synthetic(count=1)
    found = []
    for limit, wanted in ((1e-9, 1), (64.0, 6)):
        _, _, clips, pixels = victim_clips(model, dataset, memory_limit=limit)
        assert clips.owner.views_at_once(clips, pixels) == wanted
        found.append(value_and_gradient(clips, pixels))
    (y1, g1), (y2, g2) = found
    assert torch.allclose(y1, y2, atol=1e-4)
    assert float((g1 - g2).norm() / g2.norm()) < 1e-3


def test_views_that_cannot_be_parted_are_refused_and_not_wrong():
    """TSN averages features over views before the softmax of this fusion."""
    model = two_stream('2d', '2d', fusion='prob')
    _, _, clips, pixels = victim_clips(model, synthetic(), memory_limit=1e-9)
    with pytest.raises(ValueError, match='raise memory_limit'):
        clips(pixels)


def test_segments_of_a_stream_stay_together():
    cfg = rgb_2d()
    cfg['backbone'] = dict(type='ResNetTSM', depth=18, num_segments=4, shift_div=8)
    cfg['cls_head'] = dict(
        type='TSMHead', num_classes=CLASSES, in_channels=512, num_segments=4, average_clips='prob'
    )
    kind = dict(type='mmrobust.TwoStreamRecognizer', motion=motion_2d(), rgb_frames='first')
    model = build(kind | dict(rgb=cfg))
    sampler = dict(type='SampleFrames', clip_len=3, num_clips=4, test_mode=True)
    _, _, clips, pixels = victim_clips(model, synthetic(sampler=sampler), memory_limit=1e-9)
    assert clips.owner.scorer.unit == 4
    assert clips.owner.views_at_once(clips, pixels) == 4


def test_each_stream_can_be_attacked_alone():
    """Fused scores in all three; gradients add up."""
    dataset, slopes = synthetic(count=1), {}
    for stream in ('fused', 'motion', 'rgb'):
        model = two_stream(attack_stream=stream, weights=(1.0, 2.0))
        _, _, clips, pixels = victim_clips(model, dataset)
        leaf = pixels.clone().requires_grad_()
        outputs = clips(leaf)
        (slope,) = torch.autograd.grad(outputs[:, 1].sum(), leaf)
        slopes[stream] = outputs.detach(), slope
    fused, both = slopes['fused']
    for stream in ('motion', 'rgb'):
        assert torch.allclose(slopes[stream][0], fused, atol=1e-5)
        assert float(slopes[stream][1].norm() / both.norm()) > 0.01
    total = slopes['motion'][1] + slopes['rgb'][1]
    assert float((total - both).norm() / both.norm()) < 1e-4


def test_gradient_of_the_rgb_stream_agrees_with_finite_differences():
    """In double precision; that stream alone has no rounding in it."""
    model = two_stream(attack_stream='rgb', weights=(1.0, 0.0)).double()
    model.data_preprocessor.to_float32 = False
    _, _, clips, pixels = victim_clips(model, synthetic(count=1))
    leaf = pixels.double().requires_grad_()
    (slope,) = torch.autograd.grad(clips(leaf)[:, 1].sum(), leaf)
    generator = torch.Generator().manual_seed(0)
    way = torch.randn(leaf.shape, generator=generator, dtype=torch.float64)
    with torch.no_grad():
        ends = [clips(leaf + sign * 1e-5 * way)[0, 1] for sign in (1, -1)]
    assert float((ends[0] - ends[1]) / 2e-5) == pytest.approx(float((slope * way).sum()), rel=1e-4)


def test_a_black_box_motion_stream_leaves_the_rgb_stream_attackable():
    dataset = synthetic(count=1)
    for stream, attackable in (('rgb', True), ('fused', False)):
        model = two_stream(estimator=Rounded(), attack_stream=stream)
        victim, loaded, clips, pixels = victim_clips(model, dataset)
        with torch.no_grad():
            labels = victim.predict(loaded.data)[1].argmax(1)
        if attackable:
            assert all(outcome.linf > 0 for outcome in FGSM()(clips, pixels, labels))
        else:
            with pytest.raises(ValueError, match='^Rounded has no gradient'):
                FGSM()(clips, pixels, labels)


def test_incremental_reaches_the_estimator():
    model, clips = two_stream(estimator=Pointwise()), moving(1, 2, 3)
    with torch.no_grad(), model.incremental() as memo:
        first = model(clips, stage='head')
        again = model(clips, stage='head')
    assert (memo.computed, memo.reused) == (4, 4)
    assert torch.equal(first, again)


def test_max_testing_views_of_a_stream_are_kept():
    cfg = rgb_3d() | dict(test_cfg=dict(max_testing_views=2))
    kind = dict(type='mmrobust.TwoStreamRecognizer', motion=motion_3d())
    model, whole = build(kind | dict(rgb=cfg)), two_stream()
    whole.load_state_dict(model.state_dict())
    outputs = []
    for each in (model, whole):
        _, _, clips, pixels = victim_clips(each, synthetic())
        with torch.no_grad():
            outputs.append(clips(pixels))
    assert model.test_cfg['max_testing_views'] == 2
    assert torch.allclose(*outputs, atol=1e-4)


# --- refusals -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(weights=(1.0,)), 'weights must be two numbers'),
        (dict(weights=(-1.0, 1.0)), 'weights must be two numbers'),
        (dict(weights=(0.0, 0.0)), 'weights must be two numbers'),
        (dict(fusion='max'), 'fusion must be score or prob'),
        (dict(attack_stream='both'), 'attack_stream must be fused, motion or rgb'),
        (dict(rgb_frames='last'), 'rgb_frames must be all, first, middle or a list'),
        (dict(rgb_frames=[]), 'rgb_frames must be'),
        (dict(rgb_frames=[-1]), 'rgb_frames must be'),
        (dict(rgb_frames=3), 'rgb_frames must be'),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        two_stream(**options)


def test_streams_of_the_wrong_kind_are_named():
    kind = dict(type='mmrobust.TwoStreamRecognizer')
    with pytest.raises(ValueError, match='motion must be an mmrobust.FlowRecognizer2D.*Recogn'):
        build(kind | dict(rgb=rgb_3d(), motion=rgb_3d()))
    other = motion_3d()
    other['cls_head']['num_classes'] = CLASSES + 1
    with pytest.raises(ValueError, match=f'num_classes must be the same .*{CLASSES + 1}'):
        build(kind | dict(rgb=rgb_3d(), motion=other))


def test_clips_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r'positions below 3, .*\[0, 3\]'):
        two_stream(rgb_frames=[0, 3])(moving(1, 1, 3))
    with pytest.raises(ValueError, match='inputs must be clips'):
        two_stream()(torch.zeros(1, 2, 3, 8, 8))


def test_it_is_registered_and_keeps_raw_frames():
    assert MODELS.get('TwoStreamRecognizer') is TwoStreamRecognizer
    clip = moving(1, 1, 3)
    data = two_stream().data_preprocessor(batch(clip), False)
    assert torch.equal(data['inputs'], clip)
    assert RAW['format_shape'] == 'NCTHW'
