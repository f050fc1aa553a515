"""The record of a pipeline's cropping, against the pipeline itself."""

import numpy as np
import pytest
import torch
from mmcv.transforms import BaseTransform

from mmrobust.victims.action.full_video import check_readable, full_video
from mmrobust.victims.action.layouts import VideoLayout, ViewLayout
from mmrobust.victims.action.loading import LayoutPipeline
from mmrobust.victims.samples import LAYOUT_KEY, Collate, Failure, UnknownTransformError

T, H, W = 20, 30, 44


class Decode:
    """Stands for a decoder: random frames, the same every time."""

    def __call__(self, results):
        rng = np.random.default_rng(0)
        video = rng.integers(0, 256, (T, H, W, 3), dtype=np.uint8)
        results['imgs'] = [video[i] for i in results['frame_inds']]
        results['img_shape'] = results['original_shape'] = (H, W)
        return results


class LeftHalf(BaseTransform):
    """A user's own crop that no list of ours knows."""

    def transform(self, results):
        results['imgs'] = [image[:, : W // 2] for image in results['imgs']]
        return results


class Brighten(BaseTransform):
    def transform(self, results):
        results['imgs'] = [np.minimum(image, 250) + 5 for image in results['imgs']]
        return results


class Transpose(BaseTransform):
    def transform(self, results):
        results['imgs'] = [image.transpose(1, 0, 2) for image in results['imgs']]
        return results


def transforms(*middle, clip_len=2, num_clips=3, shape='NCTHW', resize=(-1, 24)):
    import mmaction.datasets  # noqa: F401
    from mmaction.registry import TRANSFORMS

    def build(cfg):
        return TRANSFORMS.build(cfg) if isinstance(cfg, dict) else cfg

    steps = [
        dict(
            type='SampleFrames',
            clip_len=clip_len,
            frame_interval=3,
            num_clips=num_clips,
            test_mode=True,
        ),
        Decode(),
        *([dict(type='Resize', scale=resize, keep_ratio=resize[0] < 0)] if resize else []),
        *middle,
        dict(type='FormatShape', input_format=shape),
        dict(type='PackActionInputs'),
    ]
    return [build(step) for step in steps]


def info():
    return dict(filename='a.mp4', total_frames=T, start_index=0, label=1, modality='RGB')


def load(*middle, space='video', **options):
    return LayoutPipeline(transforms(*middle, **options), space)(info())


CROPS = [
    [dict(type='CenterCrop', crop_size=24)],
    [dict(type='ThreeCrop', crop_size=(20, 24))],
    [dict(type='TenCrop', crop_size=20)],
    [dict(type='Flip', flip_ratio=1.0), dict(type='CenterCrop', crop_size=(22, 16))],
    [LeftHalf()],
    [],
]


@pytest.mark.parametrize('crop', CROPS)
@pytest.mark.parametrize('resize', [(-1, 24), (40, 24), None])
@pytest.mark.parametrize(('clip_len', 'shape'), [(2, 'NCTHW'), (1, 'NCHW')])
def test_gather_is_the_pipeline_bit_for_bit(crop, resize, clip_len, shape):
    if crop == CROPS[1] and resize is None:
        resize = (-1, 24)  # MMAction2's ThreeCrop wants the frame's height
    options = dict(clip_len=clip_len, shape=shape, resize=resize)
    from mmengine.dataset import Compose

    stock = Compose(transforms(*crop, **options))(info())['inputs']
    packed = load(*crop, **options)
    layout = packed.pop(LAYOUT_KEY)
    assert isinstance(layout, VideoLayout)
    assert torch.equal(packed['inputs'], stock)
    assert torch.equal(layout.render(layout.pixels()), stock)
    assert len(set(layout.frame_indices.tolist())) == layout.canvas.shape[1]
    views = [layout.render(layout.pixels(), [v]) for v in range(layout.views)]
    assert torch.equal(torch.cat(views), stock)


@pytest.mark.parametrize(
    ('bad', 'name'),
    [
        (dict(type='ColorJitter'), 'ColorJitter'),
        (dict(type='RandomCrop', size=10), 'RandomCrop'),
        (Brighten(), 'Brighten'),
        (Transpose(), 'Transpose'),
    ],
)
def test_a_transform_that_makes_pixels_is_named(bad, name):
    found = load(dict(type='CenterCrop', crop_size=24), bad)
    assert isinstance(found, Failure)
    assert found.refused
    assert f'transform {name}:' in found.error


def test_resize_after_a_crop_is_named():
    crop = dict(type='CenterCrop', crop_size=24)
    found = load(crop, dict(type='Resize', scale=(12, 12), keep_ratio=False))
    assert found.refused
    assert 'Resize' in found.error


def test_view_space_takes_any_transform():
    layout = load(Brighten(), space='view')[LAYOUT_KEY]
    assert isinstance(layout, ViewLayout)
    pixels = layout.pixels()
    assert pixels.shape == (3, 3 * 2, 24, 35)
    assert torch.equal(layout.render(pixels), layout.inputs)
    assert torch.equal(layout.render(pixels, [2, 0]), layout.inputs[[2, 0]])
    some = layout.render(pixels, range(1, 3))
    assert torch.equal(some, layout.inputs[1:3])
    assert some.untyped_storage().data_ptr() == pixels.untyped_storage().data_ptr()


def test_gradient_counts_how_often_a_pixel_is_seen():
    layout = load(dict(type='ThreeCrop', crop_size=24))[LAYOUT_KEY]
    pixels = layout.pixels().float().requires_grad_()
    layout.render(pixels).sum().backward()
    seen = torch.zeros_like(pixels)
    for row in layout.windows[layout.order.flatten()].tolist():
        frame, top, left, _ = row
        seen[:, frame, top : top + 24, left : left + 24] += 1
    assert torch.equal(pixels.grad, seen)
    assert seen.max() > 1


def test_a_broken_video_is_a_failure_and_the_batch_goes_on():
    pipeline = LayoutPipeline(transforms(), 'video')
    broken = pipeline(info() | {'total_frames': 'many'})
    assert isinstance(broken, Failure)
    assert not broken.refused
    loaded = Collate(lambda items: {'inputs': [i['inputs'] for i in items]})([broken, load()])
    assert loaded.slots == [1]
    assert loaded.failures == {0: broken}
    assert len(loaded.data['inputs']) == len(loaded.layouts) == 1


def test_full_video_has_every_frame_on_the_canvas():
    pipeline = LayoutPipeline(transforms(dict(type='ThreeCrop', crop_size=24)), 'video')
    video = full_video(pipeline, info() | {'avg_fps': 12.0})
    layout = pipeline(info())[LAYOUT_KEY]
    assert video.frames.shape == (T, 24, 35, 3)
    assert video.fps == 12.0
    sampled = video.frames[layout.frame_indices.numpy()]
    assert np.array_equal(sampled, layout.canvas.permute(1, 2, 3, 0).numpy())


def test_a_resize_that_is_not_stable_is_refused():
    steps = transforms(resize=None)
    from mmaction.registry import TRANSFORMS

    steps.insert(2, TRANSFORMS.build(dict(type='Resize', scale=0.5)))
    with pytest.raises(UnknownTransformError, match='Resize'):
        full_video(LayoutPipeline(steps, 'video'), info())


def test_the_configs_own_reader_must_read_a_saved_video_back(tmp_path):
    from mmaction.datasets.transforms import DecordDecode, DecordInit

    from mmrobust.io.video import write_lossless

    class Dimmed(DecordDecode):
        def transform(self, results):
            results = super().transform(results)
            results['imgs'] = [image // 2 for image in results['imgs']]
            return results

    frames = np.random.default_rng(0).integers(0, 256, (3, 20, 32, 3), np.uint8)
    write_lossless(tmp_path / 'v.mkv', frames, 10)
    plain = LayoutPipeline([DecordInit(), DecordDecode()], 'video')
    check_readable(tmp_path / 'v.mkv', frames, plain)
    with pytest.raises(ValueError, match='DecordInit/Dimmed cannot read v.mkv back'):
        check_readable(
            tmp_path / 'v.mkv', frames, LayoutPipeline([DecordInit(), Dimmed()], 'video')
        )
