import numpy as np
import pytest
import torch
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope

from mmrobust.datasets import SyntheticDecode, SyntheticVideoDataset
from mmrobust.datasets.synthetic import CLASSES, FRAMES, HEIGHT, WIDTH, synthesize
from mmrobust.registry import DATASETS, TRANSFORMS
from tools.data.make_synthetic import write_split

VIEWS = [
    dict(type='Resize', scale=(-1, 72)),
    dict(type='ThreeCrop', crop_size=72),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]
SAMPLE = dict(type='SampleFrames', clip_len=16, frame_interval=1, num_clips=2, test_mode=True)


@pytest.fixture(autouse=True)
def _scope():
    import mmaction.datasets  # noqa: F401

    init_default_scope('mmaction')


def test_registered_under_the_scope():
    assert DATASETS.get('mmrobust.SyntheticVideoDataset') is SyntheticVideoDataset
    assert TRANSFORMS.get('mmrobust.SyntheticDecode') is SyntheticDecode


def test_built_by_mmaction_with_its_own_transforms():
    from mmaction.registry import DATASETS as MMACTION_DATASETS

    pipeline = [SAMPLE, dict(type='mmrobust.SyntheticDecode'), *VIEWS]
    dataset = MMACTION_DATASETS.build(
        dict(
            type='mmrobust.SyntheticVideoDataset',
            num_videos=3,
            split='test',
            pipeline=pipeline,
            test_mode=True,
        )
    )
    assert len(dataset) == 3
    item = dataset[2]
    assert item['inputs'].shape == (6, 3, 16, 72, 72)
    assert item['inputs'].dtype == torch.uint8
    assert item['data_samples'].gt_label.tolist() == [2]


def test_data_info_is_what_sample_frames_needs():
    dataset = SyntheticVideoDataset(num_videos=12, pipeline=[], split='val', seed=5)
    info = dataset.get_data_info(11)
    frames = info.pop('frames')
    assert info.pop('boxes').shape == (FRAMES, 1, 4)
    assert info == dict(
        filename='synthetic/val/00011',
        video=11,
        label=11 % len(CLASSES),
        total_frames=FRAMES,
        start_index=0,
        modality='RGB',
        sample_idx=11,
    )
    np.testing.assert_array_equal(frames, synthesize(11, seed=5, split='val').frames)
    assert dataset.metainfo['classes'] == CLASSES


def test_frames_are_rendered_once_and_cannot_be_spoilt():
    dataset = SyntheticVideoDataset(num_videos=1, pipeline=[SyntheticDecode()])
    dataset.pipeline.transforms.insert(0, lambda results: {**results, 'frame_inds': np.arange(4)})
    assert dataset.frames(0) is dataset.frames(0)
    before = dataset.frames(0).copy()
    for image in dataset[0]['imgs']:
        image[:] = 0
    np.testing.assert_array_equal(dataset.frames(0), before)
    with pytest.raises(ValueError, match='read-only'):
        dataset.frames(0)[:] = 0


def test_decode_sets_what_the_stock_decoders_set():
    frames = np.random.default_rng(0).integers(0, 256, (5, 7, 9, 3), np.uint8)
    results = SyntheticDecode()(dict(frames=frames, frame_inds=np.array([[4, 0, 4]])))
    assert [image.shape for image in results['imgs']] == [(7, 9, 3)] * 3
    np.testing.assert_array_equal(results['imgs'][2], frames[4])
    assert results['frame_inds'].tolist() == [4, 0, 4]
    assert results['original_shape'] == results['img_shape'] == (7, 9)
    assert 'frames' not in results


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(num_videos=0), 'num_videos'),
        (dict(num_videos=1, split='all'), "'all'"),
        (dict(num_videos=1, seed=-1), 'seed'),
        (dict(num_videos=1, classes=('bend', 'bend')), 'classes'),
        (dict(num_videos=1, classes=('swim',)), 'swim'),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        SyntheticVideoDataset(pipeline=[], **arguments)


def test_an_unknown_argument_fails():
    with pytest.raises(TypeError, match='drifts'):
        SyntheticVideoDataset(num_videos=1, pipeline=[], drifts=2)


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    out = tmp_path_factory.mktemp('synthetic')
    return out, write_split(out, 'test', 2, 0)


def test_files_and_memory_give_the_same_inputs(files):
    from mmaction.datasets import VideoDataset

    out, annotations = files
    stock = VideoDataset(
        ann_file=str(annotations),
        data_prefix=dict(video=str(out / 'videos')),
        pipeline=[dict(type='DecordInit'), SAMPLE, dict(type='DecordDecode'), *VIEWS],
        test_mode=True,
    )
    memory = SyntheticVideoDataset(
        num_videos=2,
        pipeline=[SAMPLE, dict(type='mmrobust.SyntheticDecode'), *VIEWS],
        split='test',
        test_mode=True,
    )
    assert len(stock) == len(memory) == 2
    for ours, theirs in zip(memory, stock, strict=True):
        assert torch.equal(ours['inputs'], theirs['inputs'])
        assert torch.equal(ours['data_samples'].gt_label, theirs['data_samples'].gt_label)


@pytest.mark.parametrize('decoder', ['Decord', 'PyAV', 'OpenCV'])
def test_every_decoder_reads_the_files_bit_for_bit(files, decoder):
    from mmaction.registry import TRANSFORMS as MMACTION_TRANSFORMS

    results = dict(filename=str(files[0] / 'videos/test/00001.mkv'))
    results = MMACTION_TRANSFORMS.build(dict(type=f'{decoder}Init'))(results)
    # Matroska does not count its frames, and MMAction2's PyAVInit does not either.
    assert results['total_frames'] == (0 if decoder == 'PyAV' else FRAMES)
    results['frame_inds'] = np.arange(FRAMES)
    results = MMACTION_TRANSFORMS.build(dict(type=f'{decoder}Decode'))(results)
    video = np.stack(results['imgs'])
    assert video.shape == (FRAMES, HEIGHT, WIDTH, 3)
    np.testing.assert_array_equal(video, synthesize(1, split='test').frames)


def test_windows_are_consecutive_runs_of_a_video():
    options = dict(num_videos=2, pipeline=[], split='test')
    whole, cut = (SyntheticVideoDataset(window=window, **options) for window in (None, 11))
    assert (len(whole), len(cut)) == (2, 4)
    pipeline = Compose(
        [
            dict(type='SampleFrames', clip_len=11, frame_interval=1, num_clips=1, test_mode=True),
            dict(type='mmrobust.SyntheticDecode'),
        ]
    )
    for index in range(4):
        sample = pipeline(cut.get_data_info(index))
        video, start = index // 2, 11 * (index % 2)
        assert sample['label'] == video
        assert sample['filename'] == f'synthetic/test/{video:05d}_{start:02d}'
        assert np.array_equal(sample['imgs'], whole.frames(video)[start : start + 11])


@pytest.mark.parametrize('window', [0, 33])
def test_windows_that_do_not_fit_are_refused(window):
    with pytest.raises(ValueError, match='window'):
        SyntheticVideoDataset(num_videos=1, pipeline=[], window=window)
