"""Victims and states small enough to know all about.

Shapes: C = 2, T = 3, H = 4, W = 5, K = 3 classes.
"""

import torch
from torch import Tensor

from mmrobust.functional.randomness import SampleRandom
from mmrobust.goals import Goal, Misclassify
from mmrobust.query.state import QueryState
from mmrobust.threats import Linf
from mmrobust.victims.bound import BoundVictim

SHAPE = (2, 3, 4, 5)


def clips(n: int, seed: int = 0) -> Tensor:
    """Whole grey levels (N, C, T, H, W), float64."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(60, 190, (n, *SHAPE), generator=generator).double()


class Counter(BoundVictim):
    """Linear scores of its own clips, and a count per clip that nobody else keeps."""

    def __init__(self, n: int, lead: float = 0.0, scale: float = 1e-2) -> None:
        generator = torch.Generator().manual_seed(7)
        self.weights = scale * torch.randn(n, 3, *SHAPE, generator=generator).double()
        self.lead = torch.tensor([lead, 0.0, 0.0]).double()
        self.rows = torch.arange(n)
        self.asked = torch.zeros(n, dtype=torch.long)
        self.batches: list[int] = []

    def __call__(self, pixels: Tensor) -> Tensor:
        assert len(pixels) == len(self.rows)
        for row in self.rows.tolist():
            self.asked[row] += 1
        self.batches.append(len(pixels))
        centred = (pixels - 128)[:, None]
        return (centred * self.weights[self.rows]).flatten(2).sum(dim=2) + self.lead

    def select(self, rows: Tensor) -> 'Counter':
        twin = object.__new__(type(self))
        twin.__dict__ = dict(self.__dict__)
        twin.rows = self.rows[rows]
        return twin


class Log:
    """Answers kept in memory."""

    def __init__(self) -> None:
        self.rows: list[Tensor] = []

    def read(self) -> Tensor | None:
        return torch.stack(self.rows) if self.rows else None

    def append(self, answers: Tensor) -> None:
        self.rows += list(answers)


def state(clean: Tensor, label: int = 0, goal: Goal | None = None, eps: float = 8) -> QueryState:
    """A state of one clip whose class is ``label``."""
    bound = (goal or Misclassify()).bind(torch.tensor([label]), torch.zeros(1, 3))
    return QueryState(clean, bound, Linf(eps), (0.0, 255.0), SampleRandom.from_seeds([0]))
