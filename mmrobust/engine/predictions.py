"""What the stock test step says of one sample, and whether two runs say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from mmrobust.datasets.video_places import Place
from mmrobust.victims.pose.annotations import stands_for_none

# Kernels round by the size of a batch: the same prediction has scores that are this close, each
# to its own size, and joints within this share of the box's longer side.
SCORE, JOINT = 1e-3, 0.01
# Scores below it say nothing.
LEAST = 1e-9
# Flags of joints from here on say that it is labelled.
SEEN = 0.5


def prediction_of(sample: Any) -> dict[str, Any]:
    """The prediction in a data sample, as a ledger keeps it.

    Args:
        sample: A data sample that the test step returned.

    Returns:
        Of a recogniser ``label`` and the two highest ``scores`` (the second tells two sure
        predictions apart); of a pose ``joints`` (K, 2), pixels
        of the picture, their ``scores``, and the longer ``side`` of the box.
    """
    if hasattr(sample, 'pred_instances'):
        found = sample.pred_instances
        left, top, right, bottom = np.asarray(found.bboxes)[0, :4].tolist()
        return {
            'joints': np.asarray(found.keypoints)[0].tolist(),
            'scores': np.asarray(found.keypoint_scores)[0].tolist(),
            'side': max(right - left, bottom - top),
        }
    best = sample.pred_score.reshape(-1).topk(min(2, sample.pred_score.numel())).values
    return {'label': int(sample.pred_label), 'scores': best.tolist()}


def placed(place: Place, sample: Any) -> dict[str, Any]:
    """What a ledger keeps of a person in a frame of a video, whatever is predicted.

    Args:
        place: Where the frame is from.
        sample: A data sample with the annotation.

    Returns:
        The place, the longer ``side`` of the box, and ``truth`` (K, 2) in pixels of the picture
        with what is ``visible`` (K,); null where nothing is annotated.
    """
    given = sample.gt_instances
    truth = np.asarray(given.keypoints)[0, :, :2]
    left, top, right, bottom = np.asarray(given.bboxes)[0, :4].tolist()
    found = asdict(place) | {'side': max(right - left, bottom - top)}
    if stands_for_none(sample.metainfo.get('raw_ann_info'), truth):
        return found | {'truth': None, 'visible': None}
    flags = np.asarray(given.keypoints_visible)[0]
    flags = flags[:, 0] if flags.ndim == 2 else flags
    return found | {'truth': truth.tolist(), 'visible': (flags > SEEN).tolist()}


def moved(first: Mapping[str, Any], second: Mapping[str, Any], tau: float) -> dict[str, Any]:
    """How far a pose is from another of the same person, in the pixels of the picture.

    Args:
        first: A prediction of the clean person, of which the box is taken.
        second: Another, of a crop that may be another.
        tau: From which share of the box's longer side on a joint has moved.

    Returns:
        ``displacement``, the mean over joints, and ``joints_moved``, their number.
    """
    joints = _both(first, second, 'joints')
    apart = np.linalg.norm(joints[0] - joints[1], axis=-1) / first['side']
    return {'displacement': float(apart.mean()), 'joints_moved': int((~(apart <= tau)).sum())}


def joint_errors(sample: Any) -> list[float] | None:
    """How far each joint is from its annotation, in shares of the box's longer side.

    As :mod:`mmrobust.victims.pose.record` has it of the crop, here in the pixels of the picture.

    Args:
        sample: A data sample that the test step returned.

    Returns:
        (K,), or None of a recogniser.
    """
    if not hasattr(sample, 'pred_instances'):
        return None
    truth = np.asarray(sample.gt_instances.keypoints)[0, :, :2]
    left, top, right, bottom = np.asarray(sample.gt_instances.bboxes)[0, :4].tolist()
    joints = np.asarray(sample.pred_instances.keypoints)[0]
    apart = np.linalg.norm(joints - truth, axis=-1) / max(right - left, bottom - top)
    return [float(one) for one in apart]


def same_prediction(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Whether two predictions are one, to rounding."""
    if first.keys() != second.keys():
        return False
    scores = _both(first, second, 'scores')
    if scores[0].shape != scores[1].shape:
        return False
    if not np.allclose(scores[0], scores[1], rtol=SCORE, atol=LEAST):
        return False
    if 'label' in first:
        return bool(first['label'] == second['label'])
    joints = _both(first, second, 'joints')
    apart = np.linalg.norm(joints[0] - joints[1], axis=-1)
    return bool((apart <= JOINT * first['side']).all())


def _both(first: Mapping[str, Any], second: Mapping[str, Any], key: str) -> list[Any]:
    return [np.asarray(one[key], np.float64) for one in (first, second)]
