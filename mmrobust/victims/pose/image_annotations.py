"""The persons of a picture as one sample: what is known of them, what is written down.

Shapes: P persons, K joints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmrobust.goals.pose_annotations import PoseAnnotations
from mmrobust.victims.base import Record
from mmrobust.victims.pose.annotations import zoom
from mmrobust.victims.pose.head_adapters import HeadAdapter, PerPersonAdapter
from mmrobust.victims.pose.record import HALF, pose_record

Fields = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ImageAnnotations(PoseAnnotations):
    """Annotations of one picture: a sample with the P * K joints of its persons.

    Joints are in the pixels of their own person's crop.

    Attributes:
        persons: The annotations by person.
        origins: (P, 2), the corner of each crop in the picture, pixels.
        zooms: (P, 2), pixels of the crop per pixel of the picture.
    """

    persons: PoseAnnotations
    origins: Tensor
    zooms: Tensor

    @classmethod
    def of(cls, persons: PoseAnnotations, samples: Sequence[Any]) -> ImageAnnotations:
        """One sample of the annotations and the ``PoseDataSample`` of P persons."""
        count, joints = persons.visible.shape
        assert isinstance(persons.adapter, HeadAdapter)
        origins = [
            np.asarray(sample.input_center) - 0.5 * np.asarray(sample.input_scale)
            for sample in samples
        ]
        return cls(
            adapter=PerPersonAdapter(persons.adapter, count),
            keypoints=persons.keypoints.reshape(1, -1, 2),
            visible=persons.visible.reshape(1, -1),
            scale=persons.scale.repeat_interleave(joints)[None],
            annotated=persons.annotated.repeat_interleave(joints)[None],
            area=_beside(persons.area, joints),
            box_area=_beside(persons.box_area, joints),
            sigmas=None if persons.sigmas is None else persons.sigmas.repeat(count),
            flip=_flipped(persons.flip, count),
            target=None if persons.target is None else persons.target.reshape(1, -1, 2),
            aimed=None if persons.aimed is None else persons.aimed.reshape(1, -1),
            persons=persons,
            origins=torch.from_numpy(np.stack(origins)),
            zooms=torch.from_numpy(np.stack([zoom(sample) for sample in samples])),
        )

    def places(self, joints: Sequence[Sequence[Sequence[float]]]) -> list[list[float]]:
        """Joints of the crops (P, K, 2) as pixels of the picture (P * K, 2).

        As MMPose maps its predictions; a crop that is turned is not turned back.
        """
        inside = torch.tensor(joints, dtype=torch.float64)
        found: list[list[float]] = (
            (inside / self.zooms[:, None] + self.origins[:, None]).flatten(0, 1).tolist()
        )
        return found


def _beside(values: Tensor | None, joints: int) -> Tensor | None:
    """One value per person (P,) beside all joints (1, P * K)."""
    return None if values is None else values.repeat_interleave(joints)[None]


def _flipped(flip: Tensor | None, count: int) -> Tensor | None:
    """The mirror images (K,) of one person's joints, person after person (P * K,)."""
    if flip is None:
        return None
    return (flip + len(flip) * torch.arange(count)[:, None]).flatten()


def image_record(
    annotations: ImageAnnotations,
    clean: Tensor,
    adversarial: Tensor,
    checked: Tensor,
    sigmas: Tensor | None,
) -> Record:
    """What is written down of a picture.

    ``by_person`` has what :func:`~mmrobust.victims.pose.record.pose_record` says of
    every person. ``pck`` and ``error`` are pooled over all labelled joints,
    ``joints_moved`` and ``joints_vanished`` are sums, all else is the mean over
    the persons that have a value; ``joints`` and ``target_joints`` are in pixels
    of the picture, person after person.

    Args:
        annotations: The annotations of one picture.
        clean: Responses (1, P * D) of the test step to the clean crops.
        adversarial: Likewise to the adversarial ones.
        checked: Responses (1, P * D) in the attack's last check.
        sigmas: OKS's falloffs (K,) of the data set, if it has them.
    """
    persons, count = annotations.persons, len(annotations.persons)
    before, after, last = (part.reshape(count, -1) for part in (clean, adversarial, checked))
    rows = torch.arange(count).split(1)
    found = [pose_record(persons[i], before[i], after[i], last[i], sigmas) for i in rows]
    each = [dict(one.fields) for one in found]
    labelled = ((persons.visible > 0.5) & persons.annotated[:, None]).sum(dim=1).tolist()
    fields: Fields = {
        'persons': count,
        'displacement': _mean(each, 'displacement'),
        'joints_moved': sum(one['joints_moved'] for one in each),
        'joints_vanished': sum(one['joints_vanished'] for one in each),
    }
    for side in ('clean', 'adversarial'):
        fields |= _side(annotations, each, side, labelled)
    if annotations.target is not None:
        for name in ('clean_target_error', 'target_error'):
            fields[name] = _mean(each, name)
        fields['target_joints'] = annotations.places([one['target_joints'] for one in each])
    return Record(fields | {'by_person': each}, agree=all(one.agree for one in found))


def _side(
    annotations: ImageAnnotations, each: list[Fields], side: str, labelled: list[int]
) -> Fields:
    """The measures of one side, pooled."""
    pck = _pooled(each, f'{side}_pck', labelled)
    columns = zip(*(one[f'{side}_joint_errors'] for one in each), strict=True)
    return {
        f'{side}_correct': None if pck is None else pck > HALF,
        f'{side}_pck': pck,
        f'{side}_oks': _mean(each, f'{side}_oks'),
        f'{side}_error': _pooled(each, f'{side}_error', labelled),
        f'{side}_joint_errors': [_known_mean(column) for column in columns],
        f'{side}_joints': annotations.places([one[f'{side}_joints'] for one in each]),
    }


def _known_mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return mean(known) if known else None


def _mean(each: list[Fields], key: str) -> float | None:
    return _known_mean([one[key] for one in each])


def _pooled(each: list[Fields], key: str, labelled: list[int]) -> float | None:
    """The mean over labelled joints, from means by person."""
    pairs = [(one[key], n) for one, n in zip(each, labelled, strict=True) if one[key] is not None]
    total = sum(n for _, n in pairs)
    return sum(value * n for value, n in pairs) / total if total else None
