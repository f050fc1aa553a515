"""A small COCO set of the embedded figures with the boxes of a detector, and a config on it."""

import json

import cv2
import numpy as np

from mmrobust.datasets import SyntheticPoseDataset
from tests.conftest import ROOT

DEMO = ROOT / 'configs' / 'demo' / 'pose' / 'td-hm_tiny-r18_synthetic-64x80.py'
WEIGHTS = ROOT / 'mmrobust' / 'resources' / 'demo_pose_victim.pth'
# What the detector found: picture, and how far the box lies right of the person's; score.
FOUND = [
    (0, 0, 0.9),
    (0, 3, 0.95),
    (1, 0, 0.8),
    (1, 200, 0.7),
    (2, 0, 0.6),
]
# The second picture's second box is nobody's, and the third picture has no annotation. Of
# the two boxes on the first person, the surer one takes him.
MATCHED = [False, True, True, False, False]


def write_set(folder):
    """Three pictures, ``annotations.json`` of two persons, ``boxes.json``: ``FOUND``."""
    figures = SyntheticPoseDataset(3, [], split='test', frames_per_video=1)
    infos = [figures[index] for index in range(3)]
    images, annotations, boxes = [], [], []
    for number, info in enumerate(infos):
        name = f'{number}.png'
        cv2.imwrite(str(folder / name), info['img'])
        height, width = info['img'].shape[:2]
        images.append({'id': number, 'file_name': name, 'height': height, 'width': width})
        if number < 2:
            raw = info['raw_ann_info']
            person = {key: raw[key] for key in ('keypoints', 'num_keypoints', 'bbox')}
            fixed = {'category_id': 1, 'iscrowd': 0, 'area': float(info['area'])}
            annotations.append(
                {'id': 100 + number, 'image_id': number, **fixed}
                | {key: np.asarray(value).tolist() for key, value in person.items()}
            )
    for number, shift, score in FOUND:
        left, top, right, bottom = map(float, infos[number]['bbox'][0])
        box = [left + shift, top, right - left, bottom - top]
        boxes.append({'image_id': number, 'category_id': 1, 'bbox': box, 'score': score})
    content = {
        'images': images,
        'annotations': annotations,
        'categories': [{'id': 1, 'name': 'person'}],
    }
    (folder / 'annotations.json').write_text(json.dumps(content))
    (folder / 'boxes.json').write_text(json.dumps(boxes))
    return folder


def dataset_config(folder, **options):
    """MMPose's data set of these boxes; 14 joints, as the figures have."""
    steps = [
        {'type': 'LoadImage'},
        {'type': 'GetBBoxCenterScale'},
        {'type': 'TopdownAffine', 'input_size': (64, 80)},
        {'type': 'PackPoseInputs'},
    ]
    return {
        'type': 'CrowdPoseDataset',
        'data_root': str(folder),
        'ann_file': 'annotations.json',
        'bbox_file': str(folder / 'boxes.json'),
        'data_prefix': {'img': ''},
        'test_mode': True,
        'pipeline': steps,
        **options,
    }


def build_boxes(folder, **options):
    """The data set."""
    from mmpose.registry import DATASETS

    return DATASETS.build(dataset_config(folder, **options))


def write_config(folder, evaluator=None):
    """A config of the demo's estimator, tested on the boxes."""
    from mmengine.config import Config

    cfg = Config.fromfile(DEMO)
    cfg.test_dataloader = {
        'batch_size': 2,
        'num_workers': 0,
        'sampler': {'type': 'DefaultSampler', 'shuffle': False},
        'dataset': dataset_config(folder),
    }
    coco = {'type': 'CocoMetric', 'ann_file': str(folder / 'annotations.json')}
    cfg.test_evaluator = evaluator or coco
    path = folder / 'boxes.py'
    cfg.dump(path)
    return path
