"""Any pose will do that is wrong enough."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

import torch
from torch import Tensor

from mmrobust.functional.checks import finite, require
from mmrobust.functional.pose_losses import capped_spread
from mmrobust.goals.base import BoundGoal
from mmrobust.goals.classes import Reference
from mmrobust.goals.decoded import DecodedFacts
from mmrobust.goals.pose import ENOUGH, MARGIN, PoseGoal
from mmrobust.goals.pose_annotations import PoseAnnotations
from mmrobust.goals.pose_candidates import AimedFacts, pose_candidates
from mmrobust.goals.similarity import (
    check_similarity,
    lost_joints,
    lost_reach,
    most_exponent,
    similarity,
    spread,
)
from mmrobust.registry import GOALS

OKS = 'oks'


@GOALS.register_module()
@dataclass(frozen=True)
class CorruptPose(PoseGoal):
    """Untargeted: the visible joints leave the reference pose.

    The objective is the loss of the response from the encoded reference.
    Success: at least ``share`` of the visible joints are decoded further than
    ``tau`` from the reference, which with the defaults means that PCK@0.2 of
    the sample falls to 50 % or below; with ``share=None`` their mean distance
    is more than ``tau``. A pose with a visible joint that is nowhere (NaN) is
    no success. A sample that is as wrong as that when clean, or has no visible
    joint, is not attacked.

    With ``criterion='oks'`` success is that COCO's object keypoint similarity of the decoded
    pose with the reference is less than ``oks_below``. Falloffs are the data set's, areas the
    annotated ones; of a person without one it is 0.53 of the box, as in MMPose's ``CocoMetric``
    with ``use_area=False``. A data set without falloffs is refused. Of a picture it is the
    mean over the visible joints of all persons, each by the area of its own.

    Args:
        loss: See :class:`~mmrobust.goals.pose.PoseGoal`; or ``oks``, the mean exponent of the
            joints' similarities by soft coordinates, each up to where the joint is lost.
        tau: Distance, > 0, in ``unit``.
        unit: ``box`` (shares of the longer side of the person's box) or
            ``pixel`` (of the crop).
        reference: The annotated ``label``, where a person has one, or for all
            the victim's own clean ``prediction``, decoded and encoded again as a
            label is. Without an annotation (boxes of a detector) it is always the
            prediction. A head of coordinates has no gradient at its own
            prediction: the attack then needs a random start.
        share: Share of the visible joints, in (0, 1], or None.
        criterion: ``share`` or ``oks``.
        oks_below: Similarity, in (0, 1), that ``oks`` speaks of, as criterion and as loss.
    """

    own_losses = (MARGIN, OKS)

    reference: Reference = 'label'
    share: float | None = 0.5
    criterion: Literal['share', 'oks'] = 'share'
    oks_below: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        known = ('label', 'prediction')
        require(self.reference in known, 'reference', 'label or prediction', self.reference)
        share = self.share is None or (finite(self.share) and 0 < self.share <= 1)
        require(share, 'share', 'in (0, 1], or None', self.share)
        require(self.criterion in ('share', OKS), 'criterion', 'share or oks', self.criterion)
        inside = finite(self.oks_below) and 0 < self.oks_below < 1
        require(inside, 'oks_below', 'a number in (0, 1)', self.oks_below)

    @property
    def title(self) -> str:
        """Nothing: any wrong answer will do."""
        return ''

    def poses(self, annotations: PoseAnnotations, outputs: Tensor) -> tuple[Tensor, Tensor]:
        """The reference pose and its visible joints."""
        annotated = annotations.joint_annotated
        if self.reference == 'label' and bool(annotated.all()):
            return annotations.keypoints, annotations.visible
        seen, _ = annotations.adapter.decode(outputs.nan_to_num())
        if self.reference == 'label':
            seen = torch.where(annotated[..., None], annotations.keypoints.to(seen), seen)
        return seen, annotations.visible

    def counted(self, facts: DecodedFacts) -> Tensor:
        """The visible joints (N, K)."""
        return facts.annotations.visible > 0.5

    def bind(self, labels: PoseAnnotations, outputs: Tensor) -> BoundGoal:
        """This goal for given samples.

        Args:
            labels: Their annotations.
            outputs: (N, D), clean responses.

        Raises:
            ValueError: The victim's head knows no such loss; or it is about OKS, and the data
                set has no falloffs.
        """
        if OKS in (self.criterion, self.loss):
            check_similarity(labels)
        return super().bind(labels, outputs)

    def losses(self, facts: DecodedFacts) -> Sequence[str]:
        """Those of poses, and ``oks`` where success speaks of it."""
        return [*super().losses(facts), *([OKS] if self.criterion == OKS else [])]

    def objective(self, outputs: Tensor, facts: DecodedFacts) -> Tensor:
        """The loss from the reference (N,); of margins the sum of as many as success asks for."""
        if self.loss == OKS:
            return self._exponent(outputs, facts)
        if self.loss != MARGIN:
            return self.loss_of(outputs, facts)
        return self.sum_of_most(self.margins(outputs, facts), facts)

    def _exponent(self, outputs: Tensor, facts: DecodedFacts) -> Tensor:
        """The mean exponent of similarity over the joints that count (N,)."""
        reference = facts.reference.keypoints.to(outputs)
        found = facts.annotations.adapter.soft_coordinates(outputs)
        weights, wide = self.counted(facts).to(found), spread(facts.annotations).to(found)
        return capped_spread(found, reference, weights, wide, most_exponent(self.oks_below))

    def sum_of_most(self, values: Tensor, facts: DecodedFacts) -> Tensor:
        """The sum (N,) of as many of the largest values (N, K) as success needs joints.

        Args:
            values: Above zero where a joint is gone, -inf where it does not count.
            facts: Of the samples.
        """
        # A joint that is well beyond draws no more effort.
        values = values.clamp(max=ENOUGH)
        wanted = self.wanted(facts).to(values.device)
        # Of n joints those with the largest values, n being what success needs.
        order = values.sort(dim=1, descending=True).values
        rank = torch.arange(values.shape[1], device=values.device)
        taken = (rank < wanted[:, None]) & order.isfinite()
        return order.where(taken, torch.zeros_like(order)).sum(dim=1)

    def wanted(self, facts: DecodedFacts) -> Tensor:
        """How many joints (N,) beyond ``reach`` are enough for success."""
        counted = self.counted(facts)
        if self.criterion == OKS:
            return lost_joints(counted, self.oks_below)
        return (counted.sum(dim=1) * (1.0 if self.share is None else self.share)).ceil()

    def reach(self, facts: DecodedFacts, like: Tensor) -> Tensor:
        """Beyond which joints (N, K) are lost, input pixels: ``tau``, or what OKS makes of it.

        Further by what the decoder may take a joint back: margins must not go flat before
        success.
        """
        if self.criterion == OKS:
            reach = lost_reach(facts.annotations, self.oks_below).to(like)
        else:
            reach = super().reach(facts, like)
        return reach + facts.annotations.adapter.refinement

    def success(self, outputs: Tensor, facts: DecodedFacts) -> Tensor:
        """True where enough joints are far enough away (N,)."""
        if self.criterion == OKS:
            far = self.similarity(outputs, facts) < self.oks_below
        elif self.share is None:
            far = self.mean_distance(outputs, facts) > self.tau
        else:
            counted, distance = self.counted(facts).cpu(), self.distance(outputs, facts)
            moved = ((distance > self.tau) & counted).sum(dim=1)
            somewhere = (distance.isfinite() | ~counted).all(dim=1)
            far = (moved > 0) & (moved >= self.share * counted.sum(dim=1)) & somewhere
        return far.to(outputs.device) & outputs.isfinite().all(dim=1)

    def similarity(self, outputs: Tensor, facts: DecodedFacts) -> Tensor:
        """OKS (N,) of the decoded pose with the reference; NaN with a visible joint nowhere."""
        joints, _ = facts.annotations.adapter.decode(outputs.nan_to_num())
        reference = facts.reference.keypoints
        return similarity(joints, reference, self.counted(facts), facts.annotations)

    def candidates(self, outputs: Tensor, facts: DecodedFacts, count: int) -> Sequence[BoundGoal]:
        """Every joint to one of its likely wrong places; any pose that is wrong enough will do."""
        options = {field.name: getattr(self, field.name) for field in fields(self)}
        goal, reach = PulledPose(**options), self.reach(facts, outputs)
        return [BoundGoal(goal, one) for one in pose_candidates(outputs, facts, reach, count)]


@dataclass(frozen=True)
class PulledPose(CorruptPose):
    """Untargeted all the same: every joint is pulled to a given place, wherever they end.

    The objective is by how much the places lead what is within reach of the reference, summed
    over as many joints as success needs.
    """

    def objective(self, outputs: Tensor, facts: DecodedFacts) -> Tensor:
        """How far the places lead (N,)."""
        assert isinstance(facts, AimedFacts)
        points, counted = facts.reference.keypoints.to(outputs), self.counted(facts)
        places, reach = facts.places.to(outputs), self.reach(facts, outputs)
        leads = facts.annotations.adapter.leads(outputs, points, reach, places)
        return self.sum_of_most(leads.masked_fill(~counted.to(leads.device), -torch.inf), facts)
