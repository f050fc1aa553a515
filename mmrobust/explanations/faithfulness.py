"""Deletion and insertion (Petsiuk, Das and Saenko 2018, arXiv:1806.07421): is a map true?

Shapes: S are the places of a sample, P blocks, F + 1 points of a curve.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from mmrobust.explanations.question import Question
from mmrobust.functional.checks import require, whole
from mmrobust.functional.patches import patch_means, patch_numbers
from mmrobust.functional.random_masks import MODES

# Random numbers of a random map along a video's time, the height and the width.
FEW = (3, 4, 4)


@dataclass(frozen=True)
class Curves:
    """What is left of the score while blocks go, or come.

    Attributes:
        deletion: (F + 1), from the whole sample to none of it; best blocks go first.
        insertion: (F + 1), from none of it to the whole sample; best blocks come first.
    """

    deletion: Tensor
    insertion: Tensor

    @property
    def areas(self) -> dict[str, float]:
        """Under the curves, over shares of 1: little is good of deletion, much of insertion."""
        return {name: _area(getattr(self, name)) for name in ('deletion', 'insertion')}


def _area(curve: Tensor) -> float:
    return float(torch.trapezoid(curve, dx=1 / (len(curve) - 1)))


class Faithfulness:
    """Takes a sample apart, block by block, in the order of a map, or of maps at random.

    Official setting: pixel by pixel, black in deletion, a blurred picture in insertion.
    Deviations: the sample's mean colour in both; and blocks of neighbouring pixels, compared with
    smooth random maps. Single pixels at random, or scattered blocks, are noise, which breaks a
    network long before it hides anything: no map could be compared with that.

    Args:
        question: The sample and the score.
        steps: Points of a curve but the first, at least 1.
        blocks: Along the height, and along the width, at least 1.
        moments: Blocks along a video's time, at least 1.

    Raises:
        ValueError: An option is out of range.
    """

    def __init__(
        self, question: Question, *, steps: int = 10, blocks: int = 8, moments: int = 8
    ) -> None:
        for name, value in (('steps', steps), ('blocks', blocks), ('moments', moments)):
            require(whole(value, 1), name, 'a whole number, at least 1', value)
        counts = (moments, blocks, blocks)[-len(question.shape) :]
        self.question, self.steps = question, steps
        self.numbers = patch_numbers(question.shape, counts)
        self.count = int(self.numbers.max()) + 1

    def of_map(self, found: Tensor, random: torch.Generator) -> Curves:
        """The curves of a map (S); equal blocks come in a random order."""
        means = patch_means(found.cpu(), self.numbers)
        shuffled = torch.randperm(self.count, generator=random)
        best = means[shuffled].argsort(descending=True, stable=True)
        return self._curves(shuffled[best])

    def at_random(self, random: torch.Generator, draws: int = 5) -> Curves:
        """The mean curves of maps that know nothing, but are as smooth as maps are."""
        found = [self.of_map(self.smooth(random), random) for _ in range(draws)]
        return Curves(
            torch.stack([one.deletion for one in found]).mean(dim=0),
            torch.stack([one.insertion for one in found]).mean(dim=0),
        )

    def smooth(self, random: torch.Generator) -> Tensor:
        """A random map (S): few random numbers, enlarged linearly."""
        shape = self.question.shape
        coarse = torch.rand((1, 1, *FEW[-len(shape) :]), generator=random)
        return F.interpolate(coarse, shape, mode=MODES[len(shape)], align_corners=True)[0, 0]

    def _curves(self, order: Tensor) -> Curves:
        places = torch.empty_like(order)
        places[order] = torch.arange(self.count)
        rank = places[self.numbers]
        shares = self.question.shares(self._versions(rank))
        gone, come = shares.split([len(shares) - self.steps + 1, self.steps - 1])
        # Both have the whole sample and nothing of it for their ends.
        return Curves(gone, torch.cat([gone[-1:], come, gone[:1]]))

    def _versions(self, rank: Tensor) -> Iterator[Tensor]:
        """What is kept (S) at each point of deletion, then between the ends of insertion."""
        points = [round(self.count * step / self.steps) for step in range(self.steps + 1)]
        yield from ((rank >= number).float() for number in points)
        yield from ((rank < number).float() for number in points[1:-1])
