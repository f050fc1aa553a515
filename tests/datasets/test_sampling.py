"""Samplers for flow, against MMAction2's own on flow images."""

import numpy as np
import pytest
import torch

from mmrobust.datasets import SamplePairs, SampleStacks
from mmrobust.registry import TRANSFORMS
from mmrobust.victims.action.loading import LayoutPipeline
from mmrobust.victims.samples import LAYOUT_KEY, Failure

H, W = 20, 28


def stock(total, **options):
    from mmaction.datasets.transforms import SampleFrames

    return SampleFrames(**options)(dict(total_frames=total, start_index=0))


def info(total, start_index=0):
    return dict(filename='a.mp4', total_frames=total, start_index=start_index, modality='RGB')


class Decode:
    """Stands for a decoder: random frames, the same every time."""

    def __call__(self, results):
        rng = np.random.default_rng(0)
        video = rng.integers(0, 256, (results['total_frames'], H, W, 3), dtype=np.uint8)
        results['imgs'] = [video[i] for i in results['frame_inds']]
        results['img_shape'] = results['original_shape'] = (H, W)
        return results


def pipeline(sampler):
    import mmaction.datasets  # noqa: F401
    from mmaction.registry import TRANSFORMS as STOCK

    steps = [
        dict(type='ThreeCrop', crop_size=20),
        dict(type='FormatShape', input_format='NCTHW'),
        dict(type='PackActionInputs'),
    ]
    return [sampler, Decode(), *(STOCK.build(step) for step in steps)]


@pytest.mark.parametrize('num_clips', [1, 2, 10])
@pytest.mark.parametrize('interval', [1, 4])
@pytest.mark.parametrize('bound', ['loop', 'repeat_last'])
def test_pairs_start_where_the_flow_clip_has_its_fields(num_clips, interval, bound):
    common = dict(frame_interval=interval, num_clips=num_clips, out_of_bound_opt=bound)
    for total in (2, 3, 17, 61, 62, 63, 64, 300):
        ours = SamplePairs(8, test_mode=True, **common)(info(total))
        flow = stock(total - 1, clip_len=8, test_mode=True, **common)
        pairs = ours['frame_inds'].reshape(-1, 2)
        assert np.array_equal(pairs[:, 0], flow['frame_inds'])
        assert np.array_equal(pairs[:, 1] - pairs[:, 0], np.ones(len(pairs)))
        assert pairs.max() < total
        assert (ours['clip_len'], ours['num_clips']) == (16, num_clips)


def test_pairs_draw_in_training_what_the_flow_clip_draws():
    np.random.seed(3)
    ours = SamplePairs(4, 2, 3)(info(90))['frame_inds']
    np.random.seed(3)
    flow = stock(89, clip_len=4, frame_interval=2, num_clips=3)['frame_inds']
    assert np.array_equal(ours[::2], flow)
    assert not np.array_equal(ours, SamplePairs(4, 2, 3)(info(90))['frame_inds'])


def test_one_frame_more_samples_the_flow_clip_as_a_stack():
    """What ``clip_len=6`` in place of 5 rests on."""
    for total in range(6, 400):
        rgb = stock(total, clip_len=6, num_clips=25, test_mode=True)['frame_inds'].reshape(25, 6)
        flow = stock(total - 1, clip_len=5, num_clips=25, test_mode=True)['frame_inds']
        assert np.array_equal(rgb[:, :5], flow.reshape(25, 5))
        assert np.array_equal(rgb[:, 5], rgb[:, 4] + 1)


def test_stacks_follow_each_other_and_the_rest_is_dropped():
    found = SampleStacks()(info(40, start_index=1))
    assert np.array_equal(found['frame_inds'], np.arange(1, 34))
    assert (found['clip_len'], found['num_clips'], found['frame_interval']) == (11, 3, 1)


def test_stacks_may_overlap():
    found = SampleStacks(length=3, step=1)(info(5))
    assert found['frame_inds'].tolist() == [0, 1, 2, 1, 2, 3, 2, 3, 4]
    assert found['num_clips'] == 3


def test_stacks_of_every_second_frame_share_none():
    found = SampleStacks(length=3, interval=2)(info(13, start_index=1))
    even, odd = [1, 3, 5, 7, 9, 11], [2, 4, 6, 8, 10, 12]
    assert found['frame_inds'].tolist() == even + odd
    assert (found['clip_len'], found['num_clips'], found['frame_interval']) == (3, 4, 2)
    # The second of the slower videos is a frame too short.
    assert SampleStacks(3, interval=2)(info(5))['frame_inds'].tolist() == [0, 2, 4]
    with pytest.raises(ValueError, match=r'total_frames must be at least 5, .*, got 4$'):
        SampleStacks(3, interval=2)(info(4))


def test_short_videos_are_refused_by_both_numbers():
    with pytest.raises(ValueError, match=r'total_frames must be at least 11, .*, got 7$'):
        SampleStacks(11)(info(7))
    with pytest.raises(ValueError, match=r'total_frames must be at least 2, .*, got 1$'):
        SamplePairs(4)(info(1))
    assert SampleStacks(11)(info(11))['num_clips'] == 1


@pytest.mark.parametrize(
    ('build', 'name'),
    [
        (lambda: SampleStacks(length=0), 'length'),
        (lambda: SampleStacks(step=0), 'step'),
        (lambda: SampleStacks(interval=0), 'interval'),
        (lambda: SamplePairs(0), 'clip_len'),
        (lambda: SamplePairs(4, num_clips=0), 'num_clips'),
        (lambda: SamplePairs(4, out_of_bound_opt='mirror'), 'out_of_bound_opt'),
    ],
)
def test_bad_options_are_named(build, name):
    with pytest.raises(ValueError, match=f'^{name} must be'):
        build()


def test_a_config_finds_them_by_name():
    assert isinstance(TRANSFORMS.build(dict(type='mmrobust.SampleStacks')), SampleStacks)
    pairs = TRANSFORMS.build(dict(type='mmrobust.SamplePairs', clip_len=4))
    assert isinstance(pairs, SamplePairs)


@pytest.mark.parametrize(
    ('sampler', 'clips', 'frames', 'distinct'),
    [
        (SamplePairs(3, 4, 2, test_mode=True), 2, 6, 12),
        (SampleStacks(6), 4, 6, 24),
        (SampleStacks(6, step=2), 11, 6, 26),
        (SampleStacks(6, interval=2), 4, 6, 24),
    ],
)
def test_the_victim_follows_the_sampler(sampler, clips, frames, distinct):
    packed = LayoutPipeline(pipeline(sampler), 'video')(info(27))
    assert not isinstance(packed, Failure), packed
    layout = packed[LAYOUT_KEY]
    assert packed['inputs'].shape == (3 * clips, 3, frames, 20, 20)
    assert torch.equal(layout.render(layout.pixels()), packed['inputs'])
    assert layout.canvas.shape == (3, distinct, H, W)


def test_random_pairs_are_refused_in_video_space():
    found = LayoutPipeline(pipeline(SamplePairs(3, 1, 2)), 'video')(info(60))
    assert isinstance(found, Failure)
    assert found.refused
    assert 'SamplePairs' in found.error


def test_a_short_video_is_a_failure_that_only_counts():
    found = LayoutPipeline(pipeline(SampleStacks(11)), 'video')(info(7))
    assert isinstance(found, Failure)
    assert not found.refused
    assert '11' in found.error
    assert '7' in found.error
