"""One pose that the victim is to see."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.goals.decoded import DecodedFacts
from mmrobust.goals.pose import ENOUGH, MARGIN, PoseGoal
from mmrobust.goals.pose_annotations import PoseAnnotations
from mmrobust.registry import GOALS


@GOALS.register_module()
@dataclass(frozen=True)
class TargetPose(PoseGoal):
    """Targeted: the joints go where the ``target`` of the annotations says.

    The objective is minus the loss of the response from the encoded target.
    Success: the mean distance of the decoded joints from it is below ``tau``.
    All joints that have a target count, visible or not, except those whose
    target is outside of what the head's codec can encode, which is the crop and
    a little more.

    Args:
        loss: See :class:`~mmrobust.goals.pose.PoseGoal`.
        tau: Mean distance, > 0, in ``unit``.
        unit: ``box`` (shares of the longer side of the person's box) or
            ``pixel`` (of the crop).
    """

    tau: float = 0.1

    @property
    def title(self) -> str:
        """What is aimed at: the victim knows which pose."""
        return 'targeted at a pose'

    def check(self, labels: Any, n: int) -> None:
        """Raise ValueError unless ``labels`` are poses with a target."""
        super().check(labels, n)
        rule = 'poses with a target, which victim.target names (walk, sit, FILE.json, ...)'
        require(labels.target is not None, 'labels', rule, None)

    def poses(self, annotations: PoseAnnotations, outputs: Tensor) -> tuple[Tensor, Tensor]:
        """The target pose, and which joints it has."""
        assert annotations.target is not None
        every = torch.ones_like(annotations.visible)
        return annotations.target, every if annotations.aimed is None else annotations.aimed.to(
            every
        )

    def counted(self, facts: DecodedFacts) -> Tensor:
        """The joints whose target can be encoded (N, K)."""
        return facts.reference.weights > 0

    def objective(self, outputs: Tensor, facts: DecodedFacts) -> Tensor:
        """Minus the loss from the target (N,); of margins the sum over all joints that count."""
        if self.loss != MARGIN:
            return -self.loss_of(outputs, facts)
        # One that is well within reach draws no more effort.
        margins = self.margins(outputs, facts).clamp(min=-ENOUGH)
        return -margins.where(self.counted(facts).to(margins.device), 0.0).sum(dim=1)

    def success(self, outputs: Tensor, facts: DecodedFacts) -> Tensor:
        """True where the pose is close enough to the target (N,)."""
        near = self.mean_distance(outputs, facts) < self.tau
        return near.to(outputs.device) & outputs.isfinite().all(dim=1)
