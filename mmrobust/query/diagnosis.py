"""How near a search's estimate is to the true gradient; the search is not told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.goals import BoundGoal
from mmrobust.query.state import QueryState
from mmrobust.victims.bound import BoundVictim
from mmrobust.victims.counting import CountingVictim

# Pairs that are kept of one sample, at most.
MOST = 64


@dataclass
class Course:
    """Cosines along the run of one sample: their mean, and some of them.

    Attributes:
        count: Cosines so far, with their ``total``.
        pairs: Queries and cosine of every ``stride``-th of them.
    """

    count: int = 0
    total: float = 0.0
    stride: int = 1
    pairs: list[tuple[int, float]] = field(default_factory=list)

    def add(self, queries: int, value: float) -> None:
        """One more; with too many kept, every second is dropped."""
        if self.count % self.stride == 0:
            self.pairs.append((queries, value))
        self.count += 1
        self.total += value
        if len(self.pairs) > MOST:
            self.pairs, self.stride = self.pairs[::2], 2 * self.stride

    @property
    def measures(self) -> dict[str, float]:
        """The mean as ``gradient_cosine``, each pair as ``gradient_cosine@QUERIES``."""
        found = {'gradient_cosine': self.total / self.count}
        return found | {f'gradient_cosine@{queries}': value for queries, value in self.pairs}


class GradientCheck:
    """Cosines of estimated and true gradients along a run.

    Args:
        victim: Bound to the N samples, differentiable; its calls are not counted.
        goal: Bound to the N samples.
        every: Compare at every so many answers of a sample, >= 1.
        shown: What the search is shown of the victim's outputs (N, K): it climbs the
            objective of that, which for some losses is another function of the pixels.
    """

    def __init__(
        self, victim: BoundVictim, goal: BoundGoal, every: int, shown: Callable[[Tensor], Tensor]
    ) -> None:
        self.victim, self.goal, self.every, self.shown = victim, goal, every, shown
        self.seen: dict[int, int] = {}
        self.courses: dict[int, Course] = {}

    def __call__(self, row: int, state: QueryState, queries: int) -> None:
        """After an answer to sample ``row``, which has asked so many ``queries``."""
        if state.estimate is None or state.origin is None:
            return
        self.seen[row] = self.seen.get(row, 0) + 1
        if (self.seen[row] - 1) % self.every == 0:
            true = self._gradient(row, state.as_given(state.origin)).reshape(state.origin.shape)
            found = cosine(state.estimate * state.allowed, true * state.allowed)
            self.courses.setdefault(row, Course()).add(queries, found)

    def _gradient(self, row: int, origin: Tensor) -> Tensor:
        """Of the objective at ``origin`` (C, T, H, W)."""
        one = torch.tensor([row])
        with torch.enable_grad():
            leaf = origin[None].detach().requires_grad_()
            outputs = self.victim.select(one)(leaf)
            rule = 'a victim with gradients (0 for one without)'
            require(outputs.requires_grad, 'gradient_check', rule, self.every)
            objective = self.goal.select(one).objective(self.shown(outputs)).sum()
            (gradient,) = torch.autograd.grad(objective, leaf)
        return gradient[0]

    def record(self, victim: CountingVictim) -> None:
        """What was found to the measures of the samples."""
        for row, course in self.courses.items():
            victim.counters.measures[int(victim.rows[row])] |= course.measures


def cosine(one: Tensor, other: Tensor) -> float:
    """Of two tensors of one shape; 0 where one of them is zero."""
    a, b = one.double().flatten(), other.double().flatten()
    length = a.norm() * b.norm()
    return float(a @ b / length) if length > 0 else 0.0
