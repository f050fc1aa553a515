"""RISE: random masks (Petsiuk, Das and Saenko 2018, arXiv:1806.07421), in space and time."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mmrobust.explanations.base import Explanation
from mmrobust.explanations.question import Question
from mmrobust.functional import random_masks as masks
from mmrobust.functional.checks import finite, require, whole
from mmrobust.registry import EXPLANATIONS


@EXPLANATIONS.register_module()
@dataclass(frozen=True)
class RandomMasks(Explanation):
    """How the score goes with what random masks leave of the sample; forwards alone.

    Official setting: 4,000 to 8,000 masks of 7 x 7 cells, each kept with a chance of a half; the
    map is the mean of the masks, weighted by the class's probability. Deviations: 300 masks, with
    cells in time too; what a mask hides takes the sample's mean colour, not 0; probabilities
    are taken from their mean, without which the map is the same but for a constant and much
    noise.

    Args:
        masks: How many, at least 2.
        cells: Along the height, and along the width, at least 1.
        moments: Cells along a video's time, at least 1.
        share: What a mask keeps of the sample in the mean, between 0 and 1.

    Raises:
        ValueError: An option is out of range.
    """

    masks: int = 300
    cells: int = 7
    moments: int = 4
    share: float = 0.5

    def __post_init__(self) -> None:
        for name, least in (('masks', 2), ('cells', 1), ('moments', 1)):
            value = getattr(self, name)
            require(whole(value, least), name, f'a whole number, at least {least}', value)
        inside = finite(self.share) and 0 < self.share < 1
        require(inside, 'share', 'between 0 and 1', self.share)

    def map(self, question: Question, random: torch.Generator) -> Tensor:
        """(S), of both signs."""
        counts = (self.moments, self.cells, self.cells)[-len(question.shape) :]
        weighted = torch.zeros(question.shape, dtype=torch.float64)
        plain, scores = weighted.clone(), 0.0
        for start in range(0, self.masks, question.batch):
            count = min(question.batch, self.masks - start)
            keep = masks.random_masks(count, question.shape, counts, self.share, random)
            found = question.shares(keep)
            weighted += torch.tensordot(found, keep.double(), dims=1)
            plain += keep.double().sum(dim=0)
            scores += float(found.sum())
        mean = scores / self.masks
        return ((weighted - mean * plain) / (self.masks * self.share)).float()
