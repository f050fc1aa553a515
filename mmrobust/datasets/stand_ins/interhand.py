"""One picture of two hands in the format of InterHand2.6M."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mmrobust.datasets.stand_ins.figures import PICTURE, write_picture

HAND = 21
FOCAL, DISTANCE = 500.0, 1000.0


def write_interhand(dataset: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """As :func:`~mmrobust.datasets.stand_ins.coco.write_coco`; with camera and places in mm."""
    (height, width), figures = write_picture(folder)
    middle = np.array([width / 2, height / 2])
    flat = np.concatenate([one.keypoints(HAND) for one in figures])
    # One camera at the origin that looks along z: each place is seen where its joint is.
    places = np.concatenate(
        [(flat - middle) * DISTANCE / FOCAL, np.full((2 * HAND, 1), DISTANCE)], 1
    )
    left, top = flat.min(axis=0)
    right, bottom = flat.max(axis=0)
    image = {'id': 1, 'file_name': PICTURE, 'height': height, 'width': width}
    annotation = {
        'id': 1,
        'image_id': 1,
        'category_id': 1,
        'iscrowd': 0,
        'bbox': [left, top, right - left, bottom - top],
        'joint_valid': [[1]] * (2 * HAND),
        'hand_type': 'interacting',
        'hand_type_valid': 1,
    }
    camera = {
        'campos': {'0': [0.0, 0.0, 0.0]},
        'camrot': {'0': np.eye(3).tolist()},
        'focal': {'0': [FOCAL, FOCAL]},
        'princpt': {'0': middle.tolist()},
    }
    files: dict[str, Any] = {
        'ann_file': {
            'images': [image | {'capture': 0, 'camera': '0', 'frame_idx': 0}],
            'annotations': [annotation],
            'categories': [{'id': 1, 'name': 'hand'}],
        },
        'camera_param_file': {'0': camera},
        'joint_file': {'0': {'0': {'world_coord': places.tolist()}}},
    }
    options = {'data_prefix.img': str(folder)}
    for name, content in files.items():
        options[name] = str(folder / f'{name}.json')
        Path(options[name]).write_text(json.dumps(content))
    return options
