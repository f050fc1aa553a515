"""What a ledger line says of a pose, clean and attacked.

Shapes: K joints; distances in shares of the longer side of the person's box.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from mmrobust.functional.keypoint_metrics import (
    displacement,
    moved_joints,
    object_keypoint_similarity,
    vanished_joints,
)
from mmrobust.goals.pose_annotations import PoseAnnotations
from mmrobust.victims.base import Record

# A joint is right within this distance (PCK@0.2), a pose with more than half of its joints:
# a pose that `CorruptPose` takes for wrong is not right.
TAU, HALF = 0.2, 0.5
# Test step and last check see the same pose if no joint is further apart.
SAME = 0.05


def pose_record(
    annotations: PoseAnnotations,
    clean: Tensor,
    adversarial: Tensor,
    checked: Tensor,
    sigmas: Tensor | None,
) -> Record:
    """What is written down of one sample.

    ``joints`` are in input pixels; ``joint_errors`` are distances from the
    annotation (null where a joint is not labelled), of which curves over the
    threshold and a table per joint can be made; ``displacement`` is the mean
    distance of the attacked pose from the clean prediction, over all joints, and
    ``joint_displacements`` that of every joint.

    Args:
        annotations: Its annotations, alone in a batch.
        clean: Responses (1, D) of the test step to the clean crop.
        adversarial: Likewise to the adversarial one.
        checked: Response (1, D) in the attack's last check.
        sigmas: OKS's falloffs (K,) of the data set, if it has them.
    """
    before, after = _Pose(annotations, clean), _Pose(annotations, adversarial)
    scale = annotations.scale
    moved = displacement(after.joints, before.joints)[0] / scale
    apart = displacement(after.joints, _Pose(annotations, checked).joints)[0] / scale
    lost = vanished_joints(after.peaks) & ~vanished_joints(before.peaks)
    fields: dict[str, Any] = {
        'displacement': _number(moved.mean()),
        'joints_moved': int((~(moved <= TAU)).sum()),
        'joints_vanished': int(lost.sum()),
        'joint_displacements': [_number(value) for value in moved],
        'joint_vanished': lost[0].tolist(),
    }
    for side, pose in (('clean', before), ('adversarial', after)):
        fields |= {f'{side}_{name}': value for name, value in pose.measured(sigmas).items()}
    if annotations.target is not None:
        for name, pose in (('clean_target_error', before), ('target_error', after)):
            fields[name] = _number(pose.from_target(annotations.target))
        fields['target_joints'] = annotations.target[0].tolist()
    return Record(fields, agree=bool((apart <= SAME).all()))


class _Pose:
    """One decoded pose beside its annotation."""

    def __init__(self, annotations: PoseAnnotations, response: Tensor) -> None:
        self.annotations = annotations
        joints, scores = annotations.adapter.decode(response)
        self.peaks = scores - annotations.adapter.nothing
        self.joints = joints.double()
        self.labelled = (annotations.visible > 0.5) & annotations.annotated[:, None]

    def from_target(self, target: Tensor) -> Tensor:
        """Mean distance from the target over the joints that have one."""
        found = displacement(self.joints, target.to(self.joints))[0] / self.annotations.scale
        aimed = (
            torch.ones_like(found) if self.annotations.aimed is None else self.annotations.aimed[0]
        )
        return found[aimed.bool()].mean()

    def measured(self, sigmas: Tensor | None) -> dict[str, Any]:
        """PCK@0.2, OKS, errors by joint; null where nothing is annotated."""
        annotations, counted = self.annotations, self.labelled[0]
        reference = annotations.keypoints.to(self.joints)
        errors = displacement(self.joints, reference)[0] / annotations.scale
        wrong = moved_joints(self.joints, reference, self.labelled, annotations.scale, TAU)[0]
        n = int(counted.sum())
        pck = 1 - int(wrong.sum()) / n if n else None
        oks = None
        if (
            sigmas is not None
            and n
            and annotations.area is not None
            and bool(annotations.area[0] > 0)
        ):
            areas = annotations.area.to(self.joints)
            oks = object_keypoint_similarity(
                self.joints, reference, self.labelled, sigmas.to(self.joints), areas
            )
        return {
            'correct': None if pck is None else pck > HALF,
            'pck': pck,
            'oks': None if oks is None else _number(oks[0]),
            'error': _number(errors[counted].mean()) if n else None,
            'joint_errors': [
                _number(e) if c else None for e, c in zip(errors, counted, strict=True)
            ],
            'joints': self.joints[0].tolist(),
        }


def _number(value: Tensor) -> float | None:
    found = float(value)
    return found if math.isfinite(found) else None
