"""Small data in the formats of stock data sets: they load, and hold what was drawn."""

from pathlib import Path

import cv2
import mmaction
import mmpose
import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import DATASETS, init_default_scope

from mmrobust.datasets.stand_ins import NoStandInError, stand_in_options
from mmrobust.datasets.stand_ins.coco import keypoints_of
from mmrobust.datasets.stand_ins.figures import PICTURE, write_picture
from mmrobust.datasets.synthetic import CLASSES, joint_tracks, render, synthesize

ROOTS = {m.__name__: Path(m.__file__).parent / '.mim' / 'configs' for m in (mmaction, mmpose)}


def first(name, folder, pipeline=None):
    """A config's test set on its stand-in, and what the set says of its first sample."""
    (path,) = [p for root in ROOTS.values() for p in root.rglob(f'{name}.py')]
    cfg = Config.fromfile(path)
    init_default_scope(cfg.default_scope)
    cfg.merge_from_dict(stand_in_options(cfg, folder))
    if pipeline is not None:
        cfg.test_dataloader.dataset.pipeline = pipeline
    with DATASETS.switch_scope_and_registry(cfg.default_scope) as registry:
        found = registry.build(cfg.test_dataloader.dataset)
    return found, found.get_data_info(0), cfg


def test_figures_are_where_they_were_drawn(tmp_path):
    size, figures = write_picture(tmp_path)
    picture = cv2.imread(str(tmp_path / PICTURE))[..., ::-1]
    assert picture.shape[:2] == size
    assert len(figures) == 2
    for number, one in enumerate(figures):
        scene = render(number, split='test')
        shift = number * len(scene.frames[8])
        assert np.array_equal(picture[shift : shift + len(scene.frames[8])], scene.frames[8])
        assert np.allclose(one.joints - [0, shift], scene.keypoints[8])
        left, top, width, height = map(int, one.box)
        inside = scene.parts[8][top - shift : top - shift + height, left : left + width] > 0
        assert inside.sum() == one.area == (scene.parts[8] > 0).sum()
        # As many joints as there are, or more between them.
        assert np.allclose(one.keypoints(len(one.joints)), one.joints)
        assert np.allclose(one.keypoints(27)[::2], one.joints)


@pytest.mark.parametrize(
    ('name', 'joints', 'samples'),
    [
        ('td-hm_res50_8xb64-210e_coco-256x192', 17, 2),
        ('td-hm_hrnet-w32_8xb64-210e_deepfashion_lower-256x192', 4, 2),
        ('rtmpose-m_8xb64-210e_mpii-256x256', 16, 2),
        ('cspnext-l_udp_8xb64-210e_coco-wholebody-256x192', 133, 2),
        ('rtmpose-m_8xb32-210e_coco-wholebody-hand-256x256', 21, 4),
        ('td-hm_hrnetv2-w18_8xb64-60e_aflw-256x256', 19, 2),
    ],
)
def test_persons_are_loaded_with_their_joints(name, joints, samples, tmp_path):
    dataset, info, cfg = first(name, tmp_path, pipeline=[])
    _, figures = write_picture(tmp_path)
    assert len(dataset) == samples
    assert info['keypoints'].shape == (1, joints, 2)
    assert Path(info['img_path']) == tmp_path / PICTURE
    if 'wholebody' not in name and 'bbox_file' not in cfg.test_dataloader.dataset:
        assert np.allclose(info['keypoints'][0], figures[0].keypoints(joints), atol=1e-3)
    left, top, width, height = figures[0].box
    box = info['bbox'][0]
    middle = (box[:2] + box[2:]) / 2
    # MPII moves the middle of a box down, and counts from 1.
    wide = 0.075 * height + 2 if 'mpii' in name else 1
    assert np.abs(middle - [left + width / 2, top + height / 2]).max() <= wide


def test_hands_in_space_are_seen_where_the_picture_has_them(tmp_path):
    _, info, _ = first('internet_res50_4xb16-20e_interhand3d-256x256', tmp_path, pipeline=[])
    _, figures = write_picture(tmp_path)
    flat = np.concatenate([one.keypoints(21) for one in figures])
    # MMPose shifts what it projects by 1 on request.
    assert np.allclose(info['keypoints'][0, :, :2], flat, atol=1.01)
    assert np.allclose(info['keypoints_cam'][0, :, 2], 1000)


def test_lifters_get_two_sequences_of_one_video(tmp_path):
    name = 'video-pose-lift_tcn-27frm-supv_8xb128-160e_h36m'
    (path,) = ROOTS['mmpose'].rglob(f'{name}.py')
    length = Config.fromfile(path).test_dataloader.dataset.seq_len
    dataset, info, _ = first(name, tmp_path, pipeline=[])
    assert len(dataset) == 2
    assert info['keypoints'].shape == (length, 17, 2)


def test_a_video_is_three_of_one_class(tmp_path):
    name = 'tsn_imagenet-pretrained-r50_8xb32-1x1x3-100e_kinetics400-rgb'
    steps = [{'type': 'DecordInit'}, {'type': 'SampleFrames', 'clip_len': 96}]
    dataset, info, _ = first(name, tmp_path, [*steps, {'type': 'DecordDecode'}])
    frames = np.stack(dataset[0]['imgs'])
    expected = [render(i * len(CLASSES), split='test').frames for i in range(3)]
    assert np.array_equal(frames, np.concatenate(expected))
    assert info['label'] == 0


def test_stored_flow_is_the_videos_own(tmp_path):
    name = 'slowonly_r50_8xb16-16x4x1-256e_kinetics400-flow'
    steps = [{'type': 'SampleFrames', 'clip_len': 96}, {'type': 'RawFrameDecode'}]
    dataset, _, _ = first(name, tmp_path, steps)
    maps = np.stack(dataset[0]['imgs'])[:31].astype(float) * 40 / 255 - 20
    flow = synthesize(0, split='test').flow.transpose(0, 2, 3, 1)
    # Whole levels, and JPEG; axes are told apart where they differ.
    assert np.abs(maps - flow).mean() < 0.3
    differ = np.abs(flow[..., 0] - flow[..., 1]) > 1
    assert differ.sum() > 500
    assert np.abs(maps - flow)[differ].mean() < 0.5 * np.abs(maps[..., ::-1] - flow)[differ].mean()


@pytest.mark.parametrize(('dimensions', 'shape'), [(2, (1, 96, 17, 2)), (3, (1, 96, 25, 3))])
def test_tracks_follow_the_figure(dimensions, shape, tmp_path):
    name = f'stgcnpp_8xb16-joint-u100-80e_ntu60-xsub-keypoint-{dimensions}d'
    _, info, _ = first(name, tmp_path)
    assert info['keypoint'].shape == shape
    assert info['total_frames'] == 96
    head = joint_tracks(0, split='test')[:, 0]
    track = info['keypoint'][0, :32, 0 if dimensions == 2 else 3]
    if dimensions == 2:
        assert np.allclose(track, head)
    else:
        # Upright, in metres: what is higher in the picture is higher in space.
        slope = np.polyfit(head[:, 1], track[:, 1], 1)[0]
        assert slope == pytest.approx(-1.7 / 96, rel=1e-3)


def test_other_formats_have_none(tmp_path):
    with pytest.raises(NoStandInError, match='no stand-in has the format of AVADataset'):
        first('slowonly-lfb-infer_r50_ava21-rgb', tmp_path)
    with pytest.raises(ValueError, match='must be one with a test_dataloader'):
        stand_in_options(Config({'model': {}}), tmp_path)


def test_metainfo_of_a_config_counts_its_joints():
    init_default_scope('mmpose')
    own = {'type': 'CocoDataset', 'metainfo': {'from_file': 'configs/_base_/datasets/aic.py'}}
    assert keypoints_of(own) == 14
    assert keypoints_of({'type': 'CocoDataset'}) == 17
