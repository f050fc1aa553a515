import dataclasses
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config

from mmrobust.datasets import SyntheticPoseDataset
from mmrobust.datasets.synthetic import KEYPOINTS, render, synthesize
from mmrobust.datasets.synthetic_pose import _sample

SIZE = (64, 80)
TEST = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='TopdownAffine', input_size=SIZE),
    dict(type='PackPoseInputs'),
]


@pytest.fixture(autouse=True)
def _scope():
    import mmpose.datasets  # noqa: F401
    from mmengine.registry import init_default_scope

    init_default_scope('mmpose')


@pytest.fixture(scope='module')
def dataset():
    return SyntheticPoseDataset(2, [], split='test', frames_per_video=2)


def build(**options):
    from mmpose.registry import DATASETS

    return DATASETS.build(dict(type='mmrobust.SyntheticPoseDataset', **options))


def test_samples_are_the_renderers_frames_and_joints(dataset):
    assert len(dataset) == 4
    for index in range(4):
        truth = synthesize(index // 2, split='test')
        moment = (8, 24)[index % 2]
        info = dataset[index]
        assert np.array_equal(info['img'][..., ::-1], truth.frames[moment])
        assert np.array_equal(info['keypoints'][0], truth.keypoints[moment])
        raw = np.reshape(info['raw_ann_info']['keypoints'], (-1, 3))
        assert np.array_equal(raw[:, 2] == 2, truth.visible[moment])
        owner = truth.parts[moment] > 0
        assert info['area'] == owner.sum()
        left, top, right, bottom = info['bbox'][0].astype(int)
        inside = owner[top:bottom, left:right]
        assert inside.sum() == owner.sum()
        # No side can be moved inwards.
        assert all(edge.any() for edge in (inside[0], inside[-1], inside[:, 0], inside[:, -1]))


def test_a_samples_image_is_a_copy(dataset):
    dataset[0]['img'][:] = 0
    assert dataset[0]['img'].any()


def test_joints_hidden_by_the_body_are_labelled_and_joints_outside_the_image_are_not():
    scene = render(4, split='test')
    scene.keypoints[8, 0] = [3, 200]
    scene.keypoints[8, 1] = [-0.4, 95.4]
    scene.keypoints[8, 2] = [127.6, 50]
    info = _sample('name', 0, scene, 8, None)
    flags = np.reshape(info['raw_ann_info']['keypoints'], (-1, 3))[:, 2]
    assert flags[:3].tolist() == [0, 1, 0]
    assert info['keypoints_visible'][0, :3].tolist() == [0, 1, 0]
    assert info['num_keypoints'] == len(KEYPOINTS) - 2 == info['raw_ann_info']['num_keypoints']
    # Turned aside, this figure hides some of its own joints.
    hidden = dataclasses.replace(scene, parts=np.ones_like(scene.parts))
    flags = np.reshape(_sample('name', 0, hidden, 8, None)['raw_ann_info']['keypoints'], (-1, 3))[
        :, 2
    ]
    assert 1 in flags[3:]
    assert 0 not in flags[3:]


def test_splits_and_seeds_share_no_frame(dataset):
    others = [
        SyntheticPoseDataset(2, [], split=split, seed=seed, frames_per_video=2)
        for split, seed in (('train', 0), ('val', 0), ('test', 1))
    ]
    again = SyntheticPoseDataset(2, [], split='test', frames_per_video=2)
    for index in range(len(dataset)):
        here = dataset[index]['img']
        assert np.array_equal(here, again[index]['img'])
        for other in others:
            assert not any(np.array_equal(here, item['img']) for item in other)


def test_frames_are_spread_evenly_over_the_video():
    names = [info['img_path'][-2:] for info in SyntheticPoseDataset(1, [], frames_per_video=4)]
    assert names == ['04', '12', '20', '28']
    assert len(SyntheticPoseDataset(1, [], frames_per_video=32)) == 32


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(num_videos=0), 'num_videos must be at least 1, got 0'),
        (dict(split='dev'), "split must be one of .* got 'dev'"),
        (dict(seed=-1), 'seed must be at least 0'),
        (dict(classes=('bend', 'bend')), 'classes must be distinct names'),
        (dict(classes=()), 'classes must be distinct names'),
        (dict(classes=('fly',)), 'classes must be distinct names'),
        (dict(frames_per_video=33), 'frames_per_video must be 1 to 32, got 33'),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        SyntheticPoseDataset(**{'num_videos': 1, 'pipeline': [], **options})


def test_metainfo_mirrors_and_measures_joints_as_crowdpose_does(dataset):
    import mmpose

    path = Path(mmpose.__file__).parent / '.mim/configs/_base_/datasets/crowdpose.py'
    known = Config.fromfile(path).dataset_info
    sigma = {
        info.name.replace('top_', ''): value
        for info, value in zip(known.keypoint_info.values(), known.sigmas, strict=True)
    }
    meta = dataset.metainfo
    assert meta['num_keypoints'] == len(KEYPOINTS) == 14
    assert np.allclose(meta['sigmas'], [sigma[name] for name in KEYPOINTS])
    swap = {'left': 'right', 'right': 'left'}
    for name, other in zip(KEYPOINTS, meta['flip_indices'], strict=True):
        side, _, joint = name.rpartition('_')
        assert KEYPOINTS[other] == (f'{swap[side]}_{joint}' if side else name)
    # Every joint hangs on another one: the links form a tree.
    assert len(meta['skeleton_links']) == len(KEYPOINTS) - 1
    assert {joint for link in meta['skeleton_links'] for joint in link} == set(range(14))


@pytest.mark.parametrize(
    'codec',
    [
        dict(type='MSRAHeatmap', input_size=SIZE, heatmap_size=(16, 20), sigma=1.0),
        dict(type='SimCCLabel', input_size=SIZE, sigma=3.0, simcc_split_ratio=2.0),
        dict(type='RegressionLabel', input_size=SIZE),
    ],
    ids=lambda codec: codec['type'],
)
def test_stock_training_pipelines_encode_what_stock_decoders_give_back(codec):
    from mmpose.registry import KEYPOINT_CODECS

    train = [
        *TEST[:2],
        dict(type='RandomFlip', prob=1.0),
        TEST[2],
        dict(type='GenerateTarget', encoder=codec),
        dict(type='PackPoseInputs', pack_transformed=True),
    ]
    sample = build(num_videos=1, frames_per_video=1, pipeline=train)[0]
    assert sample['inputs'].shape == (3, 80, 64)
    data = sample['data_samples']
    decoder = KEYPOINT_CODECS.build(codec)
    labels = data.gt_instance_labels
    if codec['type'] == 'MSRAHeatmap':
        decoded, _ = decoder.decode(data.gt_fields.heatmaps.numpy())
    elif codec['type'] == 'SimCCLabel':
        axes = (labels.keypoint_x_labels.numpy(), labels.keypoint_y_labels.numpy())
        decoded, _ = decoder.decode(*axes)
    else:
        decoded, _ = decoder.decode(labels.keypoint_labels.numpy())
    places = data.gt_instances.transformed_keypoints
    assert np.abs(decoded[0] - places[0]).max() < {'MSRAHeatmap': 3.1}.get(codec['type'], 0.51)


def test_mirroring_swaps_left_and_right():
    plain = build(num_videos=1, frames_per_video=1, pipeline=TEST)[0]['data_samples']
    mirror = [TEST[0], TEST[1], dict(type='RandomFlip', prob=1.0), *TEST[2:]]
    flipped = build(num_videos=1, frames_per_video=1, pipeline=mirror)[0]['data_samples']
    places, mirrored = plain.gt_instances.keypoints[0], flipped.gt_instances.keypoints[0]
    expected = places[list(plain.flip_indices)] * [-1, 1] + [127, 0]
    assert np.allclose(mirrored, expected, atol=1e-3)


def test_coco_metric_finds_perfect_predictions_perfect():
    from mmpose.evaluation.metrics import CocoMetric

    dataset = build(num_videos=3, frames_per_video=1, pipeline=TEST, test_mode=True)
    metric = CocoMetric()
    metric.dataset_meta = dataset.metainfo
    for number, item in enumerate(dataset):
        sample = item['data_samples'].to_dict()
        places = sample['gt_instances']['keypoints'].copy()
        if number == 2:
            places += 40
        sample['pred_instances'] = dict(keypoints=places, keypoint_scores=np.ones((1, 14)))
        metric.process([], [sample])
    # Two of three are right, and all have one score: at 0.67 recall precision falls.
    found = metric.evaluate(3)
    assert 0.5 < found['coco/AP'] < 0.8
    assert found['coco/AR'] == pytest.approx(2 / 3)
