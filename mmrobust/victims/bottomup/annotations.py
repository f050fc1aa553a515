"""Ground annotations of bottom-up samples, as the test pipeline packs it, in input pixels.

Shapes: N pictures, J persons, K joints. Bottom-up test pipelines resize the
picture and leave its annotation alone; here it takes the way back that MMPose
sends predictions by, so that both can be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mmrobust.victims.bottomup.persons import Persons


def input_points(points: NDArray[Any], sample: Any) -> NDArray[Any]:
    """Points (..., 2) of the picture in pixels of the network's input."""
    meta = sample.metainfo
    size, scale, center = (
        np.asarray(meta[key], np.float64) for key in ('input_size', 'input_scale', 'input_center')
    )
    return np.asarray((points - center + 0.5 * scale) / scale * size)


def annotated_persons(samples: Sequence[Any], joints: int) -> Persons:
    """Annotations of N pictures; one without any has one person, of whom nothing is visible.

    Args:
        samples: Their ``PoseDataSample``.
        joints: K, for pictures without a person.
    """
    most = max([1, *(_count(sample) for sample in samples)])
    keypoints = np.zeros((len(samples), most, joints, 2), np.float32)
    visible = np.zeros((len(samples), most, joints), np.float32)
    boxes = np.zeros((len(samples), most, 4), np.float32)
    for i, sample in enumerate(samples):
        count, found = _count(sample), sample.gt_instances
        if count:
            keypoints[i, :count] = input_points(found.keypoints[..., :2], sample)
            seen = np.asarray(found.keypoints_visible)
            # With weights beside, the flags come first, as ``GenerateTarget`` reads them.
            visible[i, :count] = seen[..., 0] if seen.ndim == 3 else seen
            corners = np.asarray(found.bboxes)[:, :4].reshape(-1, 2, 2)
            boxes[i, :count] = input_points(corners, sample).reshape(-1, 4)
    return Persons(
        torch.from_numpy(keypoints),
        torch.from_numpy(visible),
        torch.from_numpy(boxes),
        tuple(samples),
    )


def _count(sample: Any) -> int:
    """How many persons are annotated; MMPose packs nothing where there is none."""
    return len(sample.gt_instances.keypoints) if 'keypoints' in sample.gt_instances else 0
