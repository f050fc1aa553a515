"""The attacker's goal for a batch of poses.

Shapes: N samples, K joints; ``outputs`` (N, D) are the response of a pose
victim before it is decoded, coordinates are in input pixels.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.goals.base import BoundGoal
from mmrobust.goals.decoded import DecodedFacts, DecodedGoal
from mmrobust.goals.pose_annotations import PoseAnnotations

Unit = Literal['box', 'pixel']
MARGIN = 'margin'
# Of the range of a response: from there on a joint is lost for good.
ENOUGH = 0.1


@dataclass(frozen=True)
class PoseGoal(DecodedGoal):
    """A goal that speaks of joints.

    Args:
        loss: ``auto`` (the head's usual), or one that the victim's adapter
            has: ``heatmap_mse``, ``soft_argmax``, ``kl``, ``l1``; or ``margin``, what the
            decoder's choice lacks to put joints beyond ``tau``, which for heatmaps and bins is
            exact where losses of the response are not.
        tau: Distance, > 0, in ``unit``.
        unit: ``box`` (shares of the longer side of the person's box, as PCK
            counts) or ``pixel`` (of the crop).
    """

    speaks_of = 'poses'

    #: Losses that are the goal's, whatever the head.
    own_losses: ClassVar[tuple[str, ...]] = (MARGIN,)

    unit: Unit = 'box'

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.unit in ('box', 'pixel'), 'unit', 'box or pixel', self.unit)

    def check(self, labels: Any, n: int) -> None:
        """Raise ValueError unless ``labels`` are poses of ``n`` samples."""
        kind = type(labels).__name__
        require(
            isinstance(labels, PoseAnnotations),
            'labels',
            'a PoseAnnotations of a pose victim',
            kind,
        )
        require(len(labels) == n, 'labels', f'poses of {n} samples', len(labels))

    def bind(self, labels: PoseAnnotations, outputs: Tensor) -> BoundGoal:
        """This goal for given samples.

        Args:
            labels: Their annotations.
            outputs: (N, D), clean responses.

        Raises:
            ValueError: The victim's head knows no such loss.
        """
        if self.loss not in self.own_losses:
            self._check_loss(labels.adapter)
        poses, visible = self.poses(labels, outputs)
        return BoundGoal(
            self, DecodedFacts(labels, labels.adapter.encode(poses, visible).to(outputs))
        )

    @abstractmethod
    def poses(self, annotations: PoseAnnotations, outputs: Tensor) -> tuple[Tensor, Tensor]:
        """Poses (N, K, 2) that responses are compared with, and who is visible (N, K)."""

    @abstractmethod
    def counted(self, facts: DecodedFacts) -> Tensor:
        """The joints (N, K) bool that success speaks of."""

    def losses(self, facts: DecodedFacts) -> Sequence[str]:
        """The head's usual one, the margin, which often leads further, and the head's others."""
        first, *others = super().losses(facts)
        return [first, MARGIN, *others]

    def reach(self, facts: DecodedFacts, like: Tensor) -> Tensor:
        """``tau`` of every joint (N, K) in input pixels, placed and typed like ``like``."""
        annotations, points = facts.annotations, facts.reference.keypoints
        pixels = self.tau * annotations.joint_scale if self.unit == 'box' else self.tau
        return torch.as_tensor(pixels).to(like).expand(points.shape[:2])

    def margins(self, outputs: Tensor, facts: DecodedFacts) -> Tensor:
        """How far joints are beyond ``tau`` of the goal's poses (N, K); -inf of others."""
        annotations, points = facts.annotations, facts.reference.keypoints.to(outputs)
        reach = self.reach(facts, outputs)
        found = annotations.adapter.joint_margins(outputs, points, reach)
        return found.masked_fill(~self.counted(facts).to(outputs.device), -torch.inf)

    def groups(self, outputs: Tensor, facts: DecodedFacts) -> Tensor:
        """<h, F> of every joint, or every coordinate (N, G)."""
        annotations, reference = facts.annotations, facts.reference
        return annotations.adapter.groups(outputs, reference)

    def distance(self, outputs: Tensor, facts: DecodedFacts) -> Tensor:
        """How far (N, K) the decoded joints are from the goal's poses, in ``unit``."""
        annotations, reference = facts.annotations, facts.reference
        joints, _ = annotations.adapter.decode(outputs.nan_to_num())
        gap = (joints.double() - reference.keypoints.double().cpu()).square().sum(dim=2).sqrt()
        return gap / annotations.joint_scale.cpu() if self.unit == 'box' else gap

    def mean_distance(self, outputs: Tensor, facts: DecodedFacts) -> Tensor:
        """The mean of ``distance`` over the joints that count (N,); NaN without any."""
        counted = self.counted(facts).cpu()
        return (self.distance(outputs, facts) * counted).sum(dim=1) / counted.sum(dim=1)

    def is_correct(self, outputs: Tensor, facts: DecodedFacts) -> Tensor:
        """Where there is a joint to move, and a sound response (N,) bool."""
        some = self.counted(facts).any(dim=1).to(outputs.device)
        return some & torch.isfinite(outputs).all(dim=1)

    def flags(self, facts: DecodedFacts) -> Mapping[str, Tensor]:
        """``no_visible_joint``: nothing to attack; ``no_annotation``: of a person, or of all."""
        return {
            'no_visible_joint': ~self.counted(facts).any(dim=1),
            'no_annotation': ~facts.annotations.joint_annotated.all(dim=1),
        }
