"""What a ledger line says of the persons of a picture, clean and attacked.

Shapes: J annotated persons, P predicted ones, K joints; input pixels.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mmrobust.victims.base import Record
from mmrobust.victims.bottomup.matching import right_joints
from mmrobust.victims.bottomup.persons import predicted_persons
from mmrobust.victims.bottomup.persons_annotations import PersonsAnnotations

# A joint is right within this share of its person's box (PCK@0.2), a picture or
# a person with more than half of its joints: one that `CorruptPersons` takes for
# wrong is not right.
TAU, HALF = 0.2, 0.5
# Test step and last check see the same if they judge no more of the joints differently.
SAME = 0.05
SIDES = ('clean', 'adversarial')


def persons_record(
    annotations: PersonsAnnotations, clean: Tensor, adversarial: Tensor, checked: Tensor
) -> Record:
    """What is written down of one picture.

    ``pck`` is the share of labelled joints of all its persons that are right
    after the best one-to-one match; ``persons`` counts the annotated ones,
    ``persons_right`` those with more than half of their joints right, ``poses`` are all
    predicted persons. ``joints`` are the poses matched with the annotated
    persons, one after the other, at -1 where nobody was; ``joints_moved`` counts
    the labelled ones that left their clean place.

    A picture without a labelled joint is compared with its clean prediction alone, of
    which every joint counts: ``joints`` are those of the persons in it, ``joints_vanished``
    those of persons whom nobody matches any more, ``displacement`` is the mean distance of
    the others in lengths of their person's box; what speaks of the annotation is null.

    Args:
        annotations: Its annotations, alone in a batch.
        clean: Outputs (1, D) of the test step on the clean picture.
        adversarial: Likewise on the adversarial one.
        checked: Outputs (1, D) of the attack's last check.
    """
    bare = not bool((annotations.persons.visible > 0.5).any())
    if bare:
        own = predicted_persons(annotations.decode(clean.nan_to_num()), annotations.persons)
        annotations = replace(annotations, persons=own)
    before, after = _Found(annotations, clean), _Found(annotations, adversarial)
    labelled = before.labelled
    differ = int((after.right ^ _Found(annotations, checked).right).sum())
    fields: dict[str, Any] = {
        'persons': 0 if bare else int(labelled.any(dim=1).sum()),
        'joints_moved': int((~before.near(after) & labelled).sum()),
    }
    for side, found in (('clean', before), ('adversarial', after)):
        fields |= {f'{side}_{name}': value for name, value in found.measured().items()}
    if bare:
        fields |= {f'{side}_{name}': None for side in SIDES for name in ('correct', 'pck')}
        fields |= {f'{side}_persons_right': 0 for side in SIDES} | after.from_prediction()
    return Record(fields, agree=differ <= SAME * int(labelled.sum()))


class _Found:
    """The persons that were predicted beside those that are there."""

    def __init__(self, annotations: PersonsAnnotations, outputs: Tensor) -> None:
        persons = annotations.persons
        self.labelled = (persons.visible[0] > 0.5).cpu()
        self.scale = persons.scale[0].double().cpu()
        self.keypoints = persons.keypoints[0].double().cpu()
        self.predicted = annotations.decode(outputs.nan_to_num())[0]
        self.right, self.match = right_joints(
            self.predicted.joints, self.keypoints, self.labelled, self.scale, TAU
        )

    @property
    def poses(self) -> Tensor:
        """Matched poses (J, K, 2); -1, where MMPose puts lost joints, for the lost."""
        lost = torch.full((*self.labelled.shape, 2), -1.0, dtype=torch.float64)
        there = self.match >= 0
        lost[there] = self.predicted.joints[self.match[there]]
        return lost

    def near(self, other: _Found) -> Tensor:
        """The joints (J, K) that both see in one place."""
        gap = (self.poses - other.poses).norm(dim=2)
        return gap <= TAU * self.scale[:, None]

    def from_prediction(self) -> dict[str, Any]:
        """How far the joints are from the persons that they are matched with."""
        there = self.match >= 0
        gaps = (self.poses - self.keypoints).norm(dim=2) / self.scale[:, None]
        kept = gaps[there[:, None] & self.labelled]
        return {
            'joints_vanished': int(self.labelled[~there].sum()),
            'displacement': float(kept.mean()) if len(kept) else None,
        }

    def measured(self) -> dict[str, Any]:
        """Shares and numbers of what is right; null where nothing is annotated."""
        n, hits = int(self.labelled.sum()), int(self.right.sum())
        pck = hits / n if n else None
        counts = self.labelled.sum(dim=1)
        whole = (counts > 0) & (self.right.sum(dim=1) > HALF * counts)
        return {
            'correct': None if pck is None else pck > HALF,
            'pck': pck,
            'persons_right': int(whole.sum()),
            'joints': self.poses[counts > 0].flatten(0, 1).tolist() or self.poses[0].tolist(),
            'poses': self.predicted.joints.tolist(),
        }
