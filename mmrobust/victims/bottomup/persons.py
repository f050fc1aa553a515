"""Sets of persons in pictures: annotated, predicted, aimed at.

Shapes: N pictures, J persons (the most of any picture of a batch; the others
are filled up with persons of whom nothing is visible), P predicted persons, K
joints, D outputs. Coordinates in pixels of the network's input.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor


@dataclass(frozen=True)
class Prediction:
    """What a head finds in one picture.

    Attributes:
        joints: (P, K, 2), double precision.
        scores: (P,), of the persons.
        boxes: (P, 4), of the head, or of the joints where it predicts none.
    """

    joints: Tensor
    scores: Tensor
    boxes: Tensor

    def above(self, score: float) -> Prediction:
        """The persons of at least this score."""
        kept = self.scores >= score
        return Prediction(self.joints[kept], self.scores[kept], self.boxes[kept])


@dataclass(frozen=True)
class Persons:
    """The persons of N pictures of one size.

    Attributes:
        keypoints: (N, J, K, 2).
        visible: (N, J, K), 1 where a joint is labelled.
        boxes: (N, J, 4), left, top, right, bottom.
        data_samples: The pictures' ``PoseDataSample``.
    """

    keypoints: Tensor
    visible: Tensor
    boxes: Tensor
    data_samples: tuple[Any, ...]

    def __len__(self) -> int:
        return len(self.keypoints)

    def select(self, rows: Tensor) -> Persons:
        """Those of some of the pictures."""
        picked = tuple(self.data_samples[row] for row in rows.tolist())
        own = rows.to(self.keypoints.device)
        return Persons(self.keypoints[own], self.visible[own], self.boxes[own], picked)

    def to(self, outputs: Tensor) -> Persons:
        """The same, placed and typed like ``outputs``."""
        return Persons(
            self.keypoints.to(outputs),
            self.visible.to(outputs),
            self.boxes.to(outputs),
            self.data_samples,
        )

    @property
    def scale(self) -> Tensor:
        """The longer side of every box (N, J); 1 where a box has none."""
        sides = (self.boxes[..., 2:] - self.boxes[..., :2]).amax(dim=2)
        return sides.where(sides > 0, 1.0)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the network's input."""
        width, height = self.data_samples[0].metainfo['input_size']
        return int(width), int(height)


def predicted_persons(found: Sequence[Prediction], like: Persons) -> Persons:
    """Predictions as a reference: every joint counts."""
    most, joints = max([1, *(len(one.scores) for one in found)]), like.keypoints.shape[2]
    keypoints = like.keypoints.new_zeros(len(found), most, joints, 2)
    visible, boxes = keypoints[..., 0].clone(), keypoints.new_zeros(len(found), most, 4)
    for i, one in enumerate(found):
        count = len(one.scores)
        if count:
            keypoints[i, :count], visible[i, :count] = one.joints.to(keypoints), 1.0
            boxes[i, :count] = one.boxes.to(boxes)
    return Persons(keypoints, visible, boxes, like.data_samples)
