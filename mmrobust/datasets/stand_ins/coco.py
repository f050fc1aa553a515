"""Two figures in the format of COCO's annotations, with what MMPose's data sets add to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mmrobust.datasets.stand_ins.figures import PICTURE, Figure, write_picture

BODY = 17
# Keypoints that COCO-WholeBody has beside the body's.
PARTS = {'foot': 6, 'face': 68, 'lefthand': 21, 'righthand': 21}
# AFLW, 300W and WFLW count sizes of boxes in this many pixels.
SCALE_UNIT = 200


def write_coco(dataset: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Write picture and annotations; the data set's options that lead to them.

    Args:
        dataset: Its config.
        folder: Where the files go.
    """
    (height, width), figures = write_picture(folder)
    count = keypoints_of(dataset)
    image = {'id': 1, 'file_name': PICTURE, 'height': height, 'width': width, 'crowdIndex': 0.5}
    content = {
        'images': [image],
        'annotations': [_annotation(n, one, count) for n, one in enumerate(figures, 1)],
        'categories': [{'id': 1, 'name': 'person'}],
    }
    annotations, boxes = folder / 'annotations.json', folder / 'boxes.json'
    annotations.write_text(json.dumps(content))
    options = {'ann_file': str(annotations), 'data_prefix.img': str(folder)}
    if dataset.get('bbox_file'):
        found = [
            {'image_id': 1, 'category_id': 1, 'bbox': list(one.box), 'score': 0.9}
            for one in figures
        ]
        boxes.write_text(json.dumps(found))
        options['bbox_file'] = str(boxes)
    return options


def keypoints_of(dataset: Mapping[str, Any]) -> int:
    """How many keypoints a data set of MMPose annotates; of whole bodies, those of the body."""
    from mmpose.datasets.datasets.utils import parse_pose_metainfo
    from mmpose.registry import DATASETS

    kind = str(dataset['type']).rpartition('.')[2]
    if kind.startswith('CocoWholeBody'):
        return BODY
    meta = dataset.get('metainfo') or DATASETS.get(kind).METAINFO
    if 'subset' in dataset:
        meta = {'from_file': f'configs/_base_/datasets/deepfashion_{dataset["subset"]}.py'}
    return int(parse_pose_metainfo(dict(meta))['num_keypoints'])


def _annotation(number: int, figure: Figure, count: int) -> dict[str, Any]:
    """A figure with everything that some data set reads."""
    left, top, width, height = figure.box
    found: dict[str, Any] = {
        'id': number,
        'image_id': 1,
        'category_id': 1,
        'iscrowd': 0,
        'bbox': list(figure.box),
        'area': figure.area,
        'segmentation': [],
        'num_keypoints': count,
        'keypoints': _flat(figure, count),
        'center': [left + width / 2, top + height / 2],
        'scale': max(width, height) / SCALE_UNIT,
        'box_size': max(width, height),
    }
    for part, keypoints in PARTS.items():
        found |= {
            f'{part}_kpts': _flat(figure, keypoints),
            f'{part}_box': list(figure.box),
            f'{part}_valid': True,
        }
    return found


def _flat(figure: Figure, count: int) -> list[float]:
    """COCO's triples of x, y and 2, for visible."""
    joints = np.pad(figure.keypoints(count), ((0, 0), (0, 1)), constant_values=2)
    return [float(value) for value in joints.ravel()]
