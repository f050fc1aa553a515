"""Occlusion (Zeiler and Fergus 2014, arXiv:1311.2901), in space and time."""

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
class Occlusion(Explanation):
    """What the score loses where a sliding block hides the sample.

    A block has the sample's mean colour, and slides by half of its length along each axis; a
    pixel gets the mean over the blocks that hide it. Deviations: in a video it hides some frames,
    not all; its colour is the sample's mean, not grey.

    Args:
        blocks: Lengths of a block in the height, and in the width; at least 1.
        moments: Lengths of a block in a video's time; at least 1.

    Raises:
        ValueError: An option is out of range.
    """

    blocks: int = 5
    moments: int = 2

    def __post_init__(self) -> None:
        for name in ('blocks', 'moments'):
            value = getattr(self, name)
            require(whole(value, 1), name, 'a whole number, at least 1', value)

    def map(self, question: Question, random: torch.Generator) -> Tensor:
        """(S), of both signs."""
        counts = (self.moments, self.blocks, self.blocks)[-len(question.shape) :]
        sides = [-(-length // n) for length, n in zip(question.shape, counts, strict=True)]
        channels = question.pixels.shape[1]
        with torch.no_grad():
            found = (
                captum_attr()
                .Occlusion(question.score)
                .attribute(
                    question.pixels,
                    sliding_window_shapes=(channels, *sides),
                    strides=(channels, *(max(1, side // 2) for side in sides)),
                    baselines=question.baseline,
                    perturbations_per_eval=question.batch,
                )
            )
        # A block hides all channels of a pixel, and each is told the whole loss.
        loss: Tensor = found[0, 0]
        return loss
