"""The gradient of the score (Simonyan, Vedaldi and Zisserman 2014, arXiv:1312.6034)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mmrobust.explanations.base import Explanation, captum_attr
from mmrobust.explanations.question import Question
from mmrobust.registry import EXPLANATIONS


@EXPLANATIONS.register_module()
@dataclass(frozen=True)
class Gradient(Explanation):
    """How fast the score changes with a pixel, whichever way: one backward.

    Official setting: of a class's score before the softmax, the largest absolute value of the
    channels.
    """

    def map(self, question: Question, random: torch.Generator) -> Tensor:
        """(S), at least 0."""
        leaf = question.pixels.clone().requires_grad_()
        found = captum_attr().Saliency(question.score).attribute(leaf, abs=True)
        largest: Tensor = found.detach()[0].amax(dim=0)
        return largest
