"""Recognisers as victims, against MMAction2's own test step and full gradients."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from mmrobust.attacks.fgsm import FGSM
from mmrobust.goals import Misclassify
from mmrobust.registry import VICTIMS
from mmrobust.victims import ActionVictim
from tests.conftest import CONFIGS, build_recognizer

pytestmark = pytest.mark.sampled(3)

SPACES = ['video', 'view']


def loaded_batch(cfg, victim, count=2):
    from mmaction.registry import DATASETS

    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    victim.install(dataset)
    from mmengine.dataset import pseudo_collate

    return victim.collate(pseudo_collate)([dataset[i] for i in range(count)])


def bound(recognizer, space='video', **options):
    cfg, model = recognizer
    victim = ActionVictim(model, space=space, **options)
    loaded = loaded_batch(cfg, victim)
    ((_, clips, pixels),) = victim.batches(loaded)
    return victim, loaded, clips, pixels.float()


@pytest.mark.parametrize('space', SPACES)
def test_outputs_are_those_of_the_test_step(recognizer, space):
    victim, loaded, clips, pixels = bound(recognizer, space)
    with torch.no_grad():
        samples, outputs = victim.predict(loaded.data)
        ours = clips(pixels)
    stock = torch.stack([sample.pred_score for sample in samples])
    assert torch.allclose(ours.softmax(-1), stock, atol=1e-5)
    assert torch.allclose(outputs.softmax(-1), stock, atol=1e-5)
    assert stock.max() > 0.2


@pytest.mark.parametrize('averaging', ['prob', 'score'])
def test_averaging_follows_the_head(averaging):
    cfg, model = build_recognizer(CONFIGS / 'tiny_3d.py')
    model.cls_head.average_clips = averaging
    victim, loaded, clips, pixels = bound((cfg, model))
    with torch.no_grad():
        samples, _ = victim.predict(loaded.data)
        ours = clips(pixels)
    stock = torch.stack([sample.pred_score for sample in samples])
    same = ours if averaging == 'score' else ours.exp()
    assert torch.allclose(same, stock, atol=1e-5)


def test_several_views_without_averaging_are_refused():
    cfg, model = build_recognizer(CONFIGS / 'tiny_3d.py')
    model.cls_head.average_clips = None
    _, _, clips, pixels = bound((cfg, model))
    with pytest.raises(ValueError, match='average_clips'):
        clips(pixels)


def gradient(clips, pixels):
    leaf = pixels.clone().requires_grad_()
    outputs = clips(leaf)
    (found,) = torch.autograd.grad(outputs.logsumexp(1).sum() + outputs[:, 1].sum(), leaf)
    return outputs.detach(), found


@pytest.mark.parametrize('space', SPACES)
def test_chunked_gradient_is_the_full_one(recognizer, space):
    # 1 byte short of anything: one unit of views at a time.
    _, _, chunks, pixels = bound(recognizer, space, memory_limit=1e-9)
    _, _, full, _ = bound(recognizer, space, memory_limit=64.0)
    assert chunks.owner.views_at_once(chunks, pixels) == 1
    assert full.owner.views_at_once(full, pixels) == full.views > 1
    (y1, g1), (y2, g2) = gradient(chunks, pixels), gradient(full, pixels)
    assert torch.allclose(y1, y2, atol=1e-5)
    assert float((g1 - g2).norm() / g2.norm()) < 1e-5
    assert float(g2.abs().max()) > 0


def test_gradient_agrees_with_finite_differences(recognizer):
    cfg, model = recognizer
    model = model.double()
    try:
        _, _, clips, pixels = bound((cfg, model))
        pixels = pixels.double()
        _, slope = gradient(clips, pixels)
        generator = torch.Generator().manual_seed(0)
        way = torch.randn(pixels.shape, generator=generator, dtype=torch.float64)

        def value(x):
            outputs = clips(x)
            return float(outputs.logsumexp(1).sum() + outputs[:, 1].sum())

        with torch.no_grad():
            step = 1e-5
            numeric = (value(pixels + step * way) - value(pixels - step * way)) / (2 * step)
        assert numeric == pytest.approx(float((slope * way).sum()), rel=1e-4)
    finally:
        model.float()


def test_a_gradient_reaches_every_seen_pixel_of_a_sampled_frame(recognizer):
    _, _, clips, pixels = bound(recognizer)
    _, found = gradient(clips, pixels)
    touched = found.abs().sum(dim=(1, 3, 4)) > 0
    # The tiny 3-D net has no temporal stride, so that no frame is overlooked.
    assert bool(touched.all())


def test_select_gives_the_victim_of_some_samples(recognizer):
    _, _, clips, pixels = bound(recognizer)
    with torch.no_grad():
        both, second = clips(pixels), clips.select(torch.tensor([1]))(pixels[1:])
    assert torch.allclose(both[1:], second, atol=1e-5)


def test_max_testing_views_takes_batches():
    cfg, model = build_recognizer(CONFIGS / 'tiny_3d.py')
    _, _, clips, pixels = bound((cfg, model))
    with torch.no_grad():
        before = clips(pixels)
        model.test_cfg = dict(max_testing_views=2)
        after = clips(pixels)
    assert torch.allclose(before, after, atol=1e-5)


def test_unequal_videos_make_groups():
    cfg, model = build_recognizer(CONFIGS / 'tiny_3d.py')
    victim = ActionVictim(model)
    first = loaded_batch(cfg, victim, 1)
    cfg.test_dataloader.dataset.pipeline[2].update(scale=(60, 32), keep_ratio=False)
    second = loaded_batch(cfg, victim, 1)
    first.layouts.extend(second.layouts)
    first.data['data_samples'].extend(second.data['data_samples'])
    groups = victim.batches(first)
    assert [rows.tolist() for rows, _, _ in groups] == [[0], [1]]


def test_bad_options_are_named():
    _, model = build_recognizer(CONFIGS / 'tiny_3d.py')
    with pytest.raises(ValueError, match='space must be video or view'):
        ActionVictim(model, space='clip')
    with pytest.raises(ValueError, match='memory_limit'):
        ActionVictim(model, memory_limit=0)
    with pytest.raises(ValueError, match="no option 'spaec'.*'space'"):
        VICTIMS.build(dict(type='ActionVictim', model=model, spaec='view'))
    with pytest.raises(ValueError, match='cls_head'):
        ActionVictim(torch.nn.Linear(2, 2))


@pytest.fixture
def trn():
    """A recogniser whose head draws which sets of frames it relates."""
    cfg, _ = build_recognizer(CONFIGS / 'tiny_2d.py')
    sizes = dict(num_classes=10, in_channels=128, num_segments=4, hidden_dim=8)
    cfg.model.cls_head = dict(type='TRNHead', average_clips='prob', init_std=1.0, **sizes)
    cfg.test_dataloader.dataset.pipeline[0].num_clips = 4
    from mmaction.registry import MODELS

    torch.manual_seed(0)
    model = MODELS.build(cfg.model).eval()
    model.cls_head.init_weights()
    np.random.seed(0)  # what the head draws from
    return cfg, model


def test_a_model_that_draws_is_flagged_where_it_fits_and_refused_where_not(trn):
    _, _, clips, pixels = bound(trn)
    # Frames of unlike brightness: which ones are drawn counts for more than rounding might.
    pixels *= torch.linspace(0, 1, pixels.shape[2])[:, None, None]
    pixels = pixels.round()
    attack = FGSM(goal=Misclassify(reference='prediction'))
    outcomes = attack(clips, pixels, torch.zeros(len(pixels), dtype=torch.long))
    assert all('random_outputs' in one.flags for one in outcomes)
    _, _, chunks, pixels = bound(trn, memory_limit=1e-9)
    assert chunks.owner.views_at_once(chunks, pixels) == 4 < chunks.views
    with pytest.raises(ValueError, match='memory_limit.*answers at random.*raise memory_limit'):
        chunks(pixels)


def test_scores_of_a_black_box_need_no_gradient(recognizer):
    """What measures memory must not ask for a gradient that the call does not need."""
    _, model = recognizer
    _, _, clips, pixels = bound(recognizer, memory_limit=1e-9)
    whole = bound(recognizer)[2]

    def refuse(module, inputs):
        if inputs[0].requires_grad:
            raise ValueError('a black box')

    handle = model.backbone.register_forward_pre_hook(refuse)
    try:
        with torch.no_grad():
            assert clips.owner.views_at_once(clips, pixels) < clips.views
            assert torch.allclose(clips(pixels), whole(pixels), atol=1e-5)
        with pytest.raises(ValueError, match='a black box'):
            clips(pixels.clone().requires_grad_())
    finally:
        handle.remove()


@pytest.mark.parametrize('kinds', [['PoseDecode'], ['GenSkeFeat', 'PoseDecode', 'FormatGCNInput']])
def test_joints_are_refused_at_the_start(recognizer, kinds):
    _, model = recognizer
    steps = [type(kind, (), {})() for kind in kinds]
    dataset = type('PoseDataset', (), {'pipeline': SimpleNamespace(transforms=steps)})()
    with pytest.raises(ValueError, match='must be a SkeletonVictim') as caught:
        ActionVictim(model).install(dataset)
    assert str(caught.value) == (
        'victim must be a SkeletonVictim for skeleton input: PoseDataset gives joints (its '
        f'pipeline has {", ".join(kinds)}), and this one is attacked in the pixels of videos'
    )


def test_sound_is_refused_at_the_start(recognizer):
    _, model = recognizer
    steps = [type(kind, (), {})() for kind in ('LoadAudioFeature', 'SampleFrames')]
    dataset = type('AudioDataset', (), {'pipeline': SimpleNamespace(transforms=steps)})()
    with pytest.raises(
        ValueError, match='must be of videos: the pipeline of AudioDataset has Load'
    ):
        ActionVictim(model).install(dataset)
