"""YOLOX-Pose and RTMO: every cell of a grid predicts a person, box and joints.

Maji et al. 2022, arXiv:2204.06806 (as MMPose's YOLOX-Pose has it); Lu et al.
2024, arXiv:2312.07526 (RTMO). Shapes: N pictures, J persons, K joints, P cells
of all levels, M cells per person.
"""

from abc import abstractmethod
from collections.abc import Mapping
from math import ceil
from typing import Any, NamedTuple

import torch
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.functional.pose_losses import joint_distance
from mmrobust.victims.bottomup.head_adapters.base import (
    Loss,
    PersonsAdapter,
    PersonsReference,
    Shape,
)
from mmrobust.victims.bottomup.head_adapters.registry import register
from mmrobust.victims.bottomup.persons import Persons

# So many cells are taken for a person; the suppression leaves one of them.
CELLS = 5


class Grid(NamedTuple):
    """All cells.

    Attributes:
        priors: (P, 2), their places in input pixels.
        boxes: (N, P, 4), decoded.
        logits: (N, P, 1 or 2), whose sigmoids' product is the score.
        pose: (N, P, V), of which joints are made.
    """

    priors: Tensor
    boxes: Tensor
    logits: Tensor
    pose: Tensor

    def chosen(self, persons: Persons) -> Tensor:
        """The cells (N, J, M) that see a person best: score times overlap of the boxes.

        Chosen anew for every response, as the assignment is in training: an
        attack meets whichever cells see the person now.
        """
        with torch.no_grad():
            score = self.logits.sigmoid().prod(dim=2)[:, None]
            worth = score * overlaps(persons.boxes, self.boxes)
            # The exponential of a box may overflow, and nothing can be learned there.
            worth = worth.where(self.boxes.isfinite().all(dim=2)[:, None], -1.0)
            found: Tensor = worth.topk(min(CELLS, worth.shape[2]), dim=2).indices
        return found


def overlaps(left: Tensor, right: Tensor) -> Tensor:
    """Intersection over union (N, J, P) of boxes (N, J, 4) and (N, P, 4)."""
    a, b = left[:, :, None], right[:, None]
    inside = (torch.minimum(a, b)[..., 2:] - torch.maximum(a, b)[..., :2]).clamp(min=0)
    common = inside.prod(dim=3)
    areas = [(box[..., 2:] - box[..., :2]).clamp(min=0).prod(dim=3) for box in (a, b)]
    return common / (areas[0] + areas[1] - common).clamp(min=1e-9)


class OneStageAdapter(PersonsAdapter):
    """F^k = what the head's last convolutions return, level by level.

    Training has no encoded target but the persons themselves.
    """

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        kind = type(self.head).__name__
        require(not self.flip, 'test_cfg.flip_test', f'off for {kind}, which has none', self.flip)

    @abstractmethod
    def channels(self) -> tuple[int, ...]:
        """Channels of the lists that one pass returns, in order; 0 for an empty one."""

    @abstractmethod
    def grid(self, outputs: Tensor, size: tuple[int, int]) -> Grid:
        """All cells of responses (N, D)."""

    @abstractmethod
    def poses(self, grid: Grid, chosen: Tensor) -> Tensor:
        """Joints (N, J, M, K, 2) of chosen cells (N, J, M), input pixels, differentiable."""

    def _levels(self, size: tuple[int, int]) -> list[tuple[int, int]]:
        """Height and width of every level."""
        divisor = int(getattr(self.model.data_preprocessor, 'pad_size_divisor', 1))
        width, height = (ceil(side / divisor) * divisor for side in size)
        return [(ceil(height / step), ceil(width / step)) for step in self.head.featmap_strides]

    def shapes(self, size: tuple[int, int], values: int) -> list[Shape]:
        """Of every list, every level."""
        levels = self._levels(size)
        return [(count, *level) for count in self.channels() if count for level in levels]

    def arranged(self, parts: list[Tensor]) -> list[list[Tensor]]:
        """The lists again."""
        left, levels = iter(parts), len(self.head.featmap_strides)
        return [[next(left) for _ in range(levels)] if n else [] for n in self.channels()]

    def _fields(
        self, outputs: Tensor, size: tuple[int, int]
    ) -> tuple[list[Tensor], Tensor, Tensor]:
        """The lists' levels joined, (N, P, C) each; places (P, 2) and strides (P,) of cells."""
        lists = self.arranged(self.unflatten(outputs, size)[0])
        joined = [self.head._flatten_predictions(levels) for levels in lists]
        priors = self.head.prior_generator.grid_priors(
            self._levels(size), dtype=outputs.dtype, device=outputs.device
        )
        pairs = zip(priors, self.head.featmap_strides, strict=True)
        strides = torch.cat([level.new_full((len(level),), step) for level, step in pairs])
        return joined, torch.cat(priors), strides

    def encode(self, persons: Persons, outputs: Tensor) -> PersonsReference:
        """The persons themselves."""
        return PersonsReference(persons, outputs.new_zeros(len(outputs), 0))

    def losses(self) -> Mapping[str, Loss]:
        """``distance`` and ``score``."""
        return {'distance': self.distance, 'score': self.score}

    def distance(self, outputs: Tensor, reference: PersonsReference) -> Tensor:
        """Mean distance of the visible joints in their persons' cells, in box sides (N,)."""
        persons = reference.persons
        grid = self.grid(outputs, persons.size)
        found = self.poses(grid, grid.chosen(persons))
        side = persons.scale[:, :, None, None, None]
        wanted = (persons.keypoints[:, :, None] / side).expand_as(found)
        weights = persons.visible[:, :, None].expand(found.shape[:-1])
        return joint_distance(
            (found / side).flatten(1, 3), wanted.flatten(1, 3), weights.flatten(1)
        )

    def score(self, outputs: Tensor, reference: PersonsReference) -> Tensor:
        """Minus the mean logarithm of the score of the visible persons' cells (N,)."""
        persons = reference.persons
        grid = self.grid(outputs, persons.size)
        logarithm = torch.nn.functional.logsigmoid(grid.logits).sum(dim=2)
        chosen = grid.chosen(persons)
        found = logarithm.gather(1, chosen.flatten(1)).reshape(chosen.shape).mean(dim=2)
        there = (persons.visible > 0).any(dim=2).to(found)
        return -(found * there).sum(dim=1) / there.sum(dim=1).clamp(min=1)

    def groups(self, outputs: Tensor, reference: PersonsReference) -> Tensor:
        """Both coordinates of every kind of joint, summed over visible persons (N, 2 * K)."""
        persons = reference.persons
        grid = self.grid(outputs, persons.size)
        found = self.poses(grid, grid.chosen(persons)).mean(dim=2)
        return (found * persons.visible[..., None]).sum(dim=1).flatten(1)


def _picked(values: Tensor, chosen: Tensor) -> Tensor:
    """Rows (N * J * M, ...) of values (N, P, ...) at chosen cells (N, J, M)."""
    picture = torch.arange(len(values), device=values.device)[:, None]
    return values[picture, chosen.flatten(1)].flatten(0, 1)


@register('YOLOXPoseHead')
class YOLOXPoseAdapter(OneStageAdapter):
    """Classes, objectness, boxes, offsets of the joints, visibility."""

    def channels(self) -> tuple[int, ...]:
        """As ``YOLOXPoseHeadModule`` returns them."""
        return (self.head.num_classes, 1, 4, 2 * self.joints, self.joints)

    def grid(self, outputs: Tensor, size: tuple[int, int]) -> Grid:
        """The score is class times objectness."""
        fields, priors, strides = self._fields(outputs, size)
        classes, objectness, boxes, offsets, _ = fields
        logits = torch.cat([classes.amax(dim=2, keepdim=True), objectness], dim=2)
        joints = self.head.decode_kpt_reg(offsets, priors, strides)
        return Grid(priors, self.head.decode_bbox(boxes, priors, strides), logits, joints)

    def poses(self, grid: Grid, chosen: Tensor) -> Tensor:
        """Offsets from the cell, decoded."""
        return _picked(grid.pose, chosen).reshape(*chosen.shape, self.joints, 2)


@register('RTMOHead')
class RTMOAdapter(OneStageAdapter):
    """Classes, boxes, visibility and pose features, from which the classifier makes joints."""

    def channels(self) -> tuple[int, ...]:
        """As ``RTMOHeadModule`` returns them; proxy poses are for training only."""
        module: Any = self.head.head_module
        features = module.pose_vec_channels
        if features <= 0:
            features = module.num_groups * module.channels_per_group
        return (self.head.num_classes, 4, 0, self.joints, features)

    def grid(self, outputs: Tensor, size: tuple[int, int]) -> Grid:
        """The score is that of the class."""
        fields, priors, strides = self._fields(outputs, size)
        classes, boxes, _, _, features = fields
        decoded = self.head.decode_bbox(boxes, priors, strides)
        return Grid(priors, decoded, classes.amax(dim=2, keepdim=True), features)

    def poses(self, grid: Grid, chosen: Tensor) -> Tensor:
        """The dynamic coordinate classifier, whose own test form gives no gradient."""
        from mmpose.structures.bbox import bbox_xyxy2cs

        boxes = bbox_xyxy2cs(_picked(grid.boxes, chosen), self.head.bbox_padding)
        places = _picked(grid.priors[None].expand(len(chosen), -1, -1), chosen)
        features = _picked(grid.pose, chosen)
        found = self.head.dcc.forward_train(features, torch.cat(boxes, dim=1), places)[0]
        return found.reshape(*chosen.shape, self.joints, 2)
