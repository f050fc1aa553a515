"""Two figures in the format of MPII's annotations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import savemat

from mmrobust.datasets.stand_ins.coco import SCALE_UNIT, keypoints_of
from mmrobust.datasets.stand_ins.figures import PICTURE, write_picture


def write_mpii(dataset: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """As :func:`~mmrobust.datasets.stand_ins.coco.write_coco`; with boxes of heads."""
    _, figures = write_picture(folder)
    count = keypoints_of(dataset)
    people = []
    for one in figures:
        left, top, width, height = one.box
        people.append(
            {
                'image': PICTURE,
                'center': [left + width / 2, top + height / 2],
                'scale': max(width, height) / SCALE_UNIT,
                # The file counts pixels from 1, but MMPose takes joints as they are.
                'joints': one.keypoints(count).tolist(),
                'joints_vis': [1] * count,
            }
        )
    annotations, heads = folder / 'mpii.json', folder / 'mpii_heads.mat'
    annotations.write_text(json.dumps(people))
    options = {'ann_file': str(annotations), 'data_prefix.img': str(folder)}
    if dataset.get('headbox_file'):
        boxes = np.zeros((2, 2, len(people)))
        boxes[1] = 10
        savemat(heads, {'headboxes_src': boxes})
        options['headbox_file'] = str(heads)
    return options
