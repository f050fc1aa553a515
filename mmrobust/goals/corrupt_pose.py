"""Any pose will do that is wrong enough."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mmrobust.functional.checks import finite, require
from mmrobust.goals.classes import Reference
from mmrobust.goals.decoded import DecodedFacts
from mmrobust.goals.pose import ENOUGH, MARGIN, PoseGoal
from mmrobust.goals.pose_annotations import PoseAnnotations
from mmrobust.registry import GOALS


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

    Args:
        loss: See :class:`~mmrobust.goals.pose.PoseGoal`.
        tau: Distance, > 0, in ``unit``.
        unit: ``box`` (shares of the longer side of the person's box) or
            ``pixel`` (of the crop).
        reference: The annotated ``label``, where a person has one, or for all
            the victim's own clean ``prediction``, decoded and encoded again as a
            label is. Without an annotation (boxes of a detector) it is always the
            prediction. A head of coordinates has no gradient at its own
            prediction: the attack then needs a random start.
        share: Share of the visible joints, in (0, 1], or None.
    """

    reference: Reference = 'label'
    share: float | None = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        known = ('label', 'prediction')
        require(self.reference in known, 'reference', 'label or prediction', self.reference)
        share = self.share is None or (finite(self.share) and 0 < self.share <= 1)
        require(share, 'share', 'in (0, 1], or None', self.share)

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

    def objective(self, outputs: Tensor, facts: DecodedFacts) -> Tensor:
        """The loss from the reference (N,); of margins the sum of as many as ``share`` asks for."""
        if self.loss != MARGIN:
            return self.loss_of(outputs, facts)
        # A joint that is well beyond draws no more effort.
        margins = self.margins(outputs, facts).clamp(max=ENOUGH)
        counted = margins.isfinite()
        wanted = counted.sum(dim=1) * (1.0 if self.share is None else self.share)
        # Of n joints those with the largest margins, n being what success needs.
        order = margins.sort(dim=1, descending=True).values
        rank = torch.arange(margins.shape[1], device=margins.device)
        taken = (rank < wanted.ceil()[:, None]) & order.isfinite()
        return order.where(taken, torch.zeros_like(order)).sum(dim=1)

    def success(self, outputs: Tensor, facts: DecodedFacts) -> Tensor:
        """True where enough joints are far enough away (N,)."""
        if self.share is None:
            far = self.mean_distance(outputs, facts) > self.tau
        else:
            counted, distance = self.counted(facts).cpu(), self.distance(outputs, facts)
            moved = ((distance > self.tau) & counted).sum(dim=1)
            somewhere = (distance.isfinite() | ~counted).all(dim=1)
            far = (moved > 0) & (moved >= self.share * counted.sum(dim=1)) & somewhere
        return far.to(outputs.device) & outputs.isfinite().all(dim=1)
