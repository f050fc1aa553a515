"""Ground truth of real samples: read by MMPose's own data sets, encoded as in training."""

import pytest
import torch
from pose_toys import Dataset

from mmrobust.victims import PoseVictim
from mmrobust.victims.pose.annotations import pose_annotations
from mmrobust.victims.pose.detections import annotate_boxes
from mmrobust.victims.pose.head_adapters import ADAPTERS

pytestmark = pytest.mark.real

SIZE = (48, 64)
CODECS = {
    'HeatmapHead': {'type': 'MSRAHeatmap', 'input_size': SIZE, 'heatmap_size': (12, 16),
                    'sigma': 2},
    'SimCCHead': {'type': 'SimCCLabel', 'input_size': SIZE, 'sigma': 6.0,
                  'simcc_split_ratio': 2.0},
    'RegressionHead': {'type': 'RegressionLabel', 'input_size': SIZE},
}  # fmt: skip


def _samples(folder, kind, prepare=None, codec=None, **options):
    """Packed samples of an MMPose data set in test mode, with or without targets."""
    from mmengine.registry import init_default_scope

    init_default_scope('mmpose')
    import mmpose.datasets  # noqa: F401
    from mmpose.registry import DATASETS

    steps = [
        {'type': 'LoadImage'},
        {'type': 'GetBBoxCenterScale'},
        {'type': 'TopdownAffine', 'input_size': SIZE},
    ]
    steps += [{'type': 'GenerateTarget', 'encoder': codec}] if codec else []
    dataset = DATASETS.build(
        {
            'type': kind,
            'data_root': str(folder),
            'data_mode': 'topdown',
            'test_mode': True,
            'pipeline': [*steps, {'type': 'PackPoseInputs'}],
            **options,
        }
    )
    from mmrobust.victims.pose.annotations import pack_input_keypoints

    pack_input_keypoints(Dataset(dataset.pipeline))
    if prepare is not None:
        prepare(dataset)
    return [dataset[i]['data_samples'] for i in range(len(dataset))]


def _adapter(name):
    from mmpose.registry import KEYPOINT_CODECS

    head = type(name, (), {})()
    head.decoder = KEYPOINT_CODECS.build(CODECS[name])
    return ADAPTERS.known[name](head)


COCO = {'ann_file': 'test_coco.json', 'data_prefix': {'img': ''}}
SETS = {
    'coco': ('CocoDataset', COCO),
    'mpii': ('MpiiDataset', {'ann_file': 'test_mpii.json', 'data_prefix': {'img': ''}}),
}


@pytest.mark.parametrize('name', CODECS)
@pytest.mark.parametrize('source', SETS)
def test_pose_real_annotations_encode_as_in_training(source, name, real_data):
    kind, options = SETS[source]
    folder = real_data / 'mmpose_tests' / source
    plain = _samples(folder, kind, **options)
    trained = _samples(folder, kind, codec=CODECS[name], **options)
    adapter = _adapter(name)
    truth = pose_annotations(plain, adapter)
    assert truth.annotated.all()
    assert (truth.scale > 0).all()
    aim = adapter.encode(truth.keypoints, truth.visible)
    for i, sample in enumerate(trained):
        labels = sample.gt_instance_labels
        expected = {
            'HeatmapHead': lambda sample=sample: sample.gt_fields.heatmaps,
            'RegressionHead': lambda labels=labels: labels.keypoint_labels[0],
            'SimCCHead': lambda labels=labels: torch.cat(
                [labels.keypoint_x_labels[0], labels.keypoint_y_labels[0]], dim=1
            ),
        }[name]()
        assert torch.equal(aim.response[i], expected)
        assert torch.equal(aim.weights[i], labels.keypoint_weights[0])


def test_pose_real_boxes_of_a_detector_are_no_ground_truth(real_data):
    folder = real_data / 'mmpose_tests' / 'coco'
    boxes = str(folder / 'test_coco_det_AP_H_56.json')
    samples = _samples(folder, 'CocoDataset', **COCO, bbox_file=boxes)
    truth = pose_annotations(samples, _adapter('HeatmapHead'))
    assert len(truth) == 118
    assert not truth.annotated.any()


def test_pose_real_boxes_of_a_detector_take_the_annotations_that_they_match(real_data):
    from mmpose.structures.bbox import bbox_overlaps

    folder = real_data / 'mmpose_tests' / 'coco'
    boxes = str(folder / 'test_coco_det_AP_H_56.json')
    samples = _samples(folder, 'CocoDataset', annotate_boxes, **COCO, bbox_file=boxes)
    found = [one for one in samples if one.metainfo.get('raw_ann_info') is not None]
    assert len(found) == 12
    assert len({one.raw_ann_info['id'] for one in found}) == 12
    assert pose_annotations(samples, _adapter('HeatmapHead')).annotated.sum() == 12
    for one in found:
        left, top, width, height = one.raw_ann_info['bbox']
        person = torch.tensor([[left, top, left + width, top + height]])
        assert bbox_overlaps(person, torch.from_numpy(one.gt_instances.bboxes)) > 0.49


def test_pose_real_victim_of_a_config_in_the_wheel():
    from mmengine.config import Config
    from mmengine.utils import get_installed_path

    folder = get_installed_path('mmpose')
    path = f'{folder}/.mim/configs/body_2d_keypoint/topdown_heatmap/coco'
    config = Config.fromfile(f'{path}/td-hm_res50_8xb64-210e_coco-256x192.py')
    from mmengine.registry import init_default_scope

    init_default_scope('mmpose')
    import mmpose.models  # noqa: F401
    from mmpose.registry import MODELS

    config.model.backbone.init_cfg = None
    victim = PoseVictim(MODELS.build(config.model).eval())
    assert victim.model.test_cfg.flip_test
    assert next(iter(victim.adapter.losses())) == 'heatmap_mse'
