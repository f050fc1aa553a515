"""Joints that are not where they are, in space.

Shapes: N samples, T frames, K joints; ``outputs`` (N, D) are a lifter's response.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.goals.base import BoundGoal
from mmrobust.goals.decoded import DecodedFacts, DecodedGoal
from mmrobust.registry import GOALS
from mmrobust.victims.lifting.lift_annotations import LiftAnnotations


@GOALS.register_module()
@dataclass(frozen=True)
class Corrupt3DPose(DecodedGoal):
    """Untargeted, for 3-D lifters: the mean distance of the joints (MPJPE) grows above ``tau``.

    A sample that is as wrong as that when clean, or has no visible joint, is not attacked.

    Args:
        loss: ``auto`` (``mpjpe``), ``mpjpe``, ``mse`` or ``l1``.
        tau: Mean distance, > 0, in the unit of the 3-D annotation; the default
            is the 150 mm of the usual 3DPCK where that is metres.
        reference: The annotated ``label``, where a sample has one, or for all
            (and always for boxes of a detector) the victim's own clean
            ``prediction``, where the loss has no gradient at first: take an
            attack with a random start.
    """

    speaks_of = 'poses in space'

    tau: float = 0.15
    reference: Literal['label', 'prediction'] = 'label'

    def __post_init__(self) -> None:
        super().__post_init__()
        known = ('label', 'prediction')
        require(self.reference in known, 'reference', 'label or prediction', self.reference)

    @property
    def title(self) -> str:
        """Nothing: any wrong answer will do."""
        return ''

    def check(self, labels: Any, n: int) -> None:
        """Raise ValueError unless ``labels`` are 3-D poses of ``n`` samples."""
        sound = isinstance(labels, LiftAnnotations)
        require(sound, 'labels', 'a LiftAnnotations of a 3-D lifter', type(labels).__name__)
        require(len(labels) == n, 'labels', f'poses of {n} samples', len(labels))

    def bind(self, labels: LiftAnnotations, outputs: Tensor) -> BoundGoal:
        """This goal for given samples.

        Args:
            labels: Their annotations.
            outputs: (N, D), clean ones.

        Raises:
            ValueError: There is no such loss, or the model reports other joints
                than are annotated.
        """
        self._check_loss(labels.adapter)
        found, reference = labels.places(outputs), labels.reference
        rule = f'as annotated, {tuple(reference.places.shape[1:])}'
        require(found.shape == reference.places.shape, 'prediction', rule, tuple(found.shape[1:]))
        own = ~labels.annotated.to(found.device) | (self.reference == 'prediction')
        mine = own[:, None, None]
        places = torch.where(mine[..., None], found, reference.places.to(found))
        weights = torch.where(mine, 1.0, reference.weights.to(found))
        reference = replace(reference, places=places, weights=weights)
        device = outputs.device
        reference = replace(
            reference, places=reference.places.to(device), weights=reference.weights.to(device)
        )
        return BoundGoal(self, DecodedFacts(labels, reference))

    def objective(self, outputs: Tensor, facts: DecodedFacts) -> Tensor:
        """The loss from the reference (N,)."""
        return self.loss_of(outputs, facts)

    def distance(self, outputs: Tensor, facts: DecodedFacts) -> Tensor:
        """The mean distance of the joints that count from the reference (N,)."""
        annotations, reference = facts.annotations, facts.reference
        gap = (
            annotations.adapter.decoded(outputs, reference.data_samples) - reference.places
        ).norm(dim=3)
        return (gap * reference.weights).sum(dim=(1, 2)) / reference.weights.sum(dim=(1, 2))

    def success(self, outputs: Tensor, facts: DecodedFacts) -> Tensor:
        """True where the pose is wrong enough (N,)."""
        far = (self.distance(outputs, facts) > self.tau).to(outputs.device)
        return far & outputs.isfinite().all(dim=1)

    def counted(self, facts: DecodedFacts) -> Tensor:
        """The joints (N, T, K) bool that success speaks of."""
        found: Tensor = facts.reference.weights > 0
        return found

    def is_correct(self, outputs: Tensor, facts: DecodedFacts) -> Tensor:
        """Where there is a joint to move, and sound outputs (N,) bool."""
        some = self.counted(facts).flatten(1).any(dim=1).to(outputs.device)
        return some & outputs.isfinite().all(dim=1)

    def groups(self, outputs: Tensor, facts: DecodedFacts) -> Tensor:
        """Every coordinate of a joint (N, K * 3)."""
        annotations, reference = facts.annotations, facts.reference
        found: Tensor = annotations.adapter.groups(outputs, reference)
        return found

    def flags(self, facts: DecodedFacts) -> Mapping[str, Tensor]:
        """``no_visible_joint``, ``joint_missing``: nothing to attack; ``no_annotation``.

        A lifter looks at all joints of a pose: a person of a picture of whom one is not
        labelled has no place in space.
        """
        nothing = ~self.counted(facts).flatten(1).any(dim=1)
        seen = facts.annotations.seen.to(nothing.device)
        return {
            'no_visible_joint': nothing & ~seen,
            'joint_missing': nothing & seen,
            'no_annotation': ~facts.annotations.annotated,
        }
