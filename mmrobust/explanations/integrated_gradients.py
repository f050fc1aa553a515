"""Integrated gradients (Sundararajan, Taly and Yan 2017, arXiv:1703.01365)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mmrobust.explanations.base import Explanation, captum_attr
from mmrobust.explanations.question import Question
from mmrobust.functional.checks import require, whole
from mmrobust.registry import EXPLANATIONS


@EXPLANATIONS.register_module()
@dataclass(frozen=True)
class IntegratedGradients(Explanation):
    """The change from the mean colour to the sample, shared out among the pixels.

    The map adds up to the score's change, but for what too few steps leave out. Deviation: the
    way starts at the sample's mean colour, not at black.

    Args:
        steps: Gradients on the way, at least 1.

    Raises:
        ValueError: An option is out of range.
    """

    steps: int = 32

    def __post_init__(self) -> None:
        require(whole(self.steps, 1), 'steps', 'a whole number, at least 1', self.steps)

    def map(self, question: Question, random: torch.Generator) -> Tensor:
        """(S), of both signs."""
        method = captum_attr().IntegratedGradients(question.score)
        found = method.attribute(
            question.pixels.clone(),
            baselines=question.baseline,
            n_steps=self.steps,
            internal_batch_size=question.batch,
        )
        added: Tensor = found.detach()[0].sum(dim=0).float()
        return added
