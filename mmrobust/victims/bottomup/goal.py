"""Persons that are not found where they are.

Shapes: N pictures, J persons, K joints; ``outputs`` (N, D) are what the head
of a bottom-up victim computes before it is decoded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from mmrobust.functional.checks import finite, require
from mmrobust.goals.base import BoundGoal
from mmrobust.goals.decoded import DecodedFacts, DecodedGoal
from mmrobust.registry import GOALS
from mmrobust.victims.bottomup.matching import right_joints
from mmrobust.victims.bottomup.persons import Prediction, predicted_persons
from mmrobust.victims.bottomup.persons_annotations import PersonsAnnotations


@GOALS.register_module()
@dataclass(frozen=True)
class CorruptPersons(DecodedGoal):
    """Untargeted, for all persons of a picture: their joints are not found any more.

    The objective is one of the adapter's losses. Success is decided on the
    persons that MMPose finally predicts: they are matched with the reference,
    one to one, so that as many joints as possible are right; at least
    ``share`` of the visible joints must be wrong all the same, because they
    are further than ``tau`` from where they belong or because nobody was found
    there. A picture that is as wrong as that when clean, or has no visible
    joint, is not attacked.

    Args:
        loss: ``auto`` (the head's usual), or one that its adapter has:
            ``heatmap_mse``, ``response``, ``tags``, ``displacement``, ``heatmaps``,
            ``coupled``, ``decoupled``, ``distance``, ``score``.
        tau: Distance, > 0, in shares of the longer side of the person's box.
        share: Share of the visible joints of the picture, in (0, 1].
        reference: The annotated ``label``, or the victim's own clean
            ``prediction``, where heads that regress joints have next to no
            gradient at first: take an attack with a random start.
        min_score: Predicted persons of a lower score do not count; 0 leaves
            it to the thresholds of the model's own test configuration.
    """

    speaks_of = 'the persons of a picture'

    share: float = 0.5
    reference: Literal['label', 'prediction'] = 'label'
    min_score: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        share = finite(self.share) and 0 < self.share <= 1
        require(share, 'share', 'in (0, 1]', self.share)
        known = ('label', 'prediction')
        require(self.reference in known, 'reference', 'label or prediction', self.reference)
        sound = finite(self.min_score) and self.min_score >= 0
        require(sound, 'min_score', 'a finite number >= 0', self.min_score)

    @property
    def title(self) -> str:
        """Nothing: any wrong answer will do."""
        return ''

    def check(self, labels: Any, n: int) -> None:
        """Raise ValueError unless ``labels`` are persons of ``n`` pictures."""
        kind = type(labels).__name__
        sound = isinstance(labels, PersonsAnnotations)
        require(sound, 'labels', 'a PersonsAnnotations of a bottom-up victim', kind)
        require(len(labels) == n, 'labels', f'persons of {n} pictures', len(labels))

    def bind(self, labels: PersonsAnnotations, outputs: Tensor) -> BoundGoal:
        """This goal for given pictures.

        Args:
            labels: Their annotations.
            outputs: (N, D), clean ones.

        Raises:
            ValueError: The victim's head knows no such loss.
        """
        self._check_loss(labels.adapter)
        persons = labels.persons
        if self.reference == 'prediction':
            persons = predicted_persons(self._found(labels, outputs), persons)
        return BoundGoal(
            self, DecodedFacts(labels, labels.adapter.encode(persons, outputs).to(outputs))
        )

    def _found(self, annotations: PersonsAnnotations, outputs: Tensor) -> list[Prediction]:
        found = annotations.decode(outputs.nan_to_num())
        return [persons.above(self.min_score) for persons in found]

    def counted(self, facts: DecodedFacts) -> Tensor:
        """The visible joints of the reference (N, J, K)."""
        return facts.reference.persons.visible > 0.5

    def objective(self, outputs: Tensor, facts: DecodedFacts) -> Tensor:
        """The loss from the reference (N,)."""
        return self.loss_of(outputs, facts)

    def success(self, outputs: Tensor, facts: DecodedFacts) -> Tensor:
        """True where enough joints are wrong (N,)."""
        annotations, reference = facts.annotations, facts.reference
        counted, persons = self.counted(facts), reference.persons
        wrong = torch.zeros(len(outputs), dtype=torch.bool)
        for i, found in enumerate(self._found(annotations, outputs)):
            seen, scale = counted[i], persons.scale[i]
            right, _ = right_joints(found.joints, persons.keypoints[i], seen, scale, self.tau)
            total = int(seen.sum())
            wrong[i] = total > 0 and total - int(right.sum()) >= self.share * total
        return wrong.to(outputs.device) & outputs.isfinite().all(dim=1)

    def is_correct(self, outputs: Tensor, facts: DecodedFacts) -> Tensor:
        """Where there is a joint to hide, and sound outputs (N,) bool."""
        some = self.counted(facts).flatten(1).any(dim=1).to(outputs.device)
        return some & outputs.isfinite().all(dim=1)

    def groups(self, outputs: Tensor, facts: DecodedFacts) -> Tensor:
        """One number (N, G) per kind of joint, or per coordinate of it, over all persons."""
        annotations, reference = facts.annotations, facts.reference
        return annotations.adapter.groups(outputs, reference)

    def flags(self, facts: DecodedFacts) -> Mapping[str, Tensor]:
        """``no_visible_joint``: nothing to attack."""
        return {'no_visible_joint': ~self.counted(facts).flatten(1).any(dim=1)}
