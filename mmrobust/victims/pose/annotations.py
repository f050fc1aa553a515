"""Ground annotations of pose samples, as the test pipeline packs it.

Shapes: N samples, K joints.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.goals.pose_annotations import PoseAnnotations
from mmrobust.victims.pose.head_adapters import HeadAdapter


def pack_input_keypoints(dataset: Any) -> None:
    """Let a data set (without wrappers) pack keypoints in input pixels too.

    Those are what training encodes, bit for bit, whatever affine map the
    pipeline uses; mapping the packed image coordinates back would round.

    Raises:
        ValueError: The pipeline has no ``PackPoseInputs``.
    """
    packers = [step for step in dataset.pipeline.transforms if hasattr(step, 'pack_transformed')]
    kinds = [type(step).__name__ for step in dataset.pipeline.transforms]
    require(bool(packers), 'pipeline', 'one with PackPoseInputs', kinds)
    for packer in packers:
        packer.pack_transformed = True


def pose_annotations(
    samples: Sequence[Any],
    adapter: HeadAdapter,
    target: Tensor | None = None,
    aimed: Tensor | None = None,
    sigmas: Tensor | None = None,
) -> PoseAnnotations:
    """Annotations of the N samples of a batch.

    Args:
        samples: Their ``PoseDataSample``, packed after ``pack_input_keypoints``.
        adapter: Of the head that is attacked.
        target: (N, K, 2), poses to attain, input pixels; or None.
        aimed: (N, K) bool, which joints have one; None: all.
        sigmas: (K,), falloffs of OKS, if the data set has them.

    Raises:
        ValueError: The keypoints in input pixels were not packed.
    """
    for sample in samples:
        packed = sorted(sample.gt_instances.keys())
        rule = 'with transformed_keypoints (PoseVictim.install makes the data set pack them)'
        require('transformed_keypoints' in packed, 'data_samples', rule, packed)
    joints = [sample.gt_instances.transformed_keypoints[0, :, :2] for sample in samples]
    visible = [_visible(sample.gt_instances.keypoints_visible) for sample in samples]
    return PoseAnnotations(
        adapter=adapter,
        keypoints=torch.from_numpy(np.stack(joints)),
        visible=torch.from_numpy(np.stack(visible)),
        scale=torch.tensor([box_side(sample) for sample in samples], dtype=torch.float64),
        annotated=torch.tensor([not _is_dummy(sample) for sample in samples]),
        area=torch.tensor([area(sample) for sample in samples], dtype=torch.float64),
        box_area=torch.tensor([box_area(sample) for sample in samples], dtype=torch.float64),
        # A pipeline may make other joints of them than its data set names.
        sigmas=sigmas if sigmas is not None and len(sigmas) == len(joints[0]) else None,
        flip=_flip(samples, len(joints[0])),
        target=target,
        aimed=aimed,
    )


def _flip(samples: Sequence[Any], count: int) -> Tensor | None:
    """Joint -> its mirror image (K,), as the pipeline packs it; None where it does not."""
    found = samples[0].metainfo.get('flip_indices')
    return None if found is None or len(found) != count else torch.as_tensor(list(found))


def _visible(values: NDArray[Any]) -> NDArray[Any]:
    """(1, K), or (1, K, 2) with weights beside, to (K,), as ``GenerateTarget`` reads them."""
    return values[0, :, 0] if values.ndim == 3 else values[0]


def zoom(sample: Any) -> NDArray[Any]:
    """Input pixels per pixel of the picture, across and down."""
    return np.asarray(sample.input_size) / np.asarray(sample.input_scale)


def input_box(sample: Any) -> NDArray[Any]:
    """The person's box (left, top, right, bottom) in input pixels, if the crop is not turned."""
    corners = np.asarray(sample.gt_instances.bboxes)[0, :4].reshape(2, 2)
    origin = np.asarray(sample.input_center) - 0.5 * np.asarray(sample.input_scale)
    return np.asarray((corners - origin) * zoom(sample)).reshape(4)


def box_side(sample: Any) -> float:
    """The longer side of the person's box, input pixels."""
    left, top, right, bottom = input_box(sample)
    return float(max(right - left, bottom - top))


def box_area(sample: Any) -> float:
    """The area of the person's box, square input pixels."""
    left, top, right, bottom = input_box(sample)
    return float((right - left) * (bottom - top))


def area(sample: Any) -> float:
    """The annotated area of the person, square input pixels; NaN without one."""
    raw = sample.metainfo.get('raw_ann_info') or {}
    found = raw.get('area') if isinstance(raw, dict) else None
    return math.nan if found is None else float(found) * float(np.prod(zoom(sample)))


def _is_dummy(sample: Any) -> bool:
    return stands_for_none(sample.metainfo.get('raw_ann_info'), sample.gt_instances.keypoints)


def stands_for_none(raw: Any, keypoints: Any) -> bool:
    """Whether the keypoints stand for none, as MMPose loads boxes of a detector.

    Such samples have no raw annotation (nor have those of some data sets with
    real ones, such as MPII), and all joints at the image's corner.

    Args:
        raw: The sample's raw annotation, or None.
        keypoints: (1, K, 2), pixels of the picture.
    """
    # Some data sets keep the joints of a raw annotation elsewhere (InterHand2D).
    bare = raw is None or 'keypoints' not in raw
    return bare and not np.any(keypoints)
