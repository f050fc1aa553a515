"""How APGD finds its step sizes: halving for l_inf and l_2, sparser steps for l_1.

Shapes: N samples, C channels, T frames, H, W pixels.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from mmrobust.attacks.loop_state import LoopState
from mmrobust.functional.l1_ball import steepest_few
from mmrobust.threats import Threat

# Of the values: what the first steps in l_1 change.
FIRST = 0.2


@dataclass
class APGDState(LoopState):
    """A loop's state with what decides on the steps.

    Attributes:
        previous: (N, C, T, H, W), where the samples stood before.
        length: (N,), of the next step, grey levels.
        best: (N, C, T, H, W), where the objective was largest.
        best_gradient: There, likewise.
        best_objective: There, (N,).
        kept: (N, C, T, H, W), the best iterate among those that succeed, if any did.
        kept_succeeds: (N,) bool.
        kept_objective: There, (N,).
        objective: Of the last iterate, (N,).
        rises: (N,), how often it has grown since the last check point.
        halved: (N,) bool, at the last check point.
        best_then: (N,), ``best_objective`` at the last check point.
        changed: (N,), how many values of the best iterate were changed then (l_1).
        count: (N,), how many values a step changes (l_1).
    """

    previous: Tensor
    length: Tensor
    best: Tensor
    best_gradient: Tensor
    best_objective: Tensor
    kept: Tensor
    kept_succeeds: Tensor
    kept_objective: Tensor
    objective: Tensor
    rises: Tensor
    halved: Tensor
    best_then: Tensor
    changed: Tensor
    count: Tensor


class Schedule(ABC):
    """Looks at the samples at check points, and says how the next steps go.

    Attributes:
        momentum: Weight of a step against the one before.
    """

    momentum: float

    def values(self, state: LoopState, *, known: bool) -> tuple[Tensor, Tensor]:
        """``changed`` and ``count`` (N,) before the first step.

        Args:
            state: Where a run begins.
            known: Whether a search has led there, so that what it changed counts.
        """
        every = torch.full((len(state.clean),), state.clean[:1].numel(), device=state.clean.device)
        return every, every

    @abstractmethod
    def check(self, state: APGDState) -> Tensor | None:
        """At a check point the samples (N,) that go on from their best iterate, else None."""

    @abstractmethod
    def steepest(self, threat: Threat, state: APGDState, direction: Tensor) -> Tensor:
        """The next step, of the threat's norm 1."""


@dataclass(frozen=True)
class Halving(Schedule):
    """Croce and Hein 2020, arXiv:2003.01690, section 3.2: steps halve where they do not help."""

    steps: int
    momentum: float
    rising: float

    def check(self, state: APGDState) -> Tensor | None:
        """Too few rises since the last check, or neither step size nor best objective new."""
        points = check_points(self.steps)
        if state.iteration not in points:
            return None
        since = max((k for k in points if k < state.iteration), default=0)
        few = state.rises < self.rising * (state.iteration - since)
        stuck = ~state.halved & (state.best_objective <= state.best_then)
        halve = few | stuck
        state.length = state.length.where(~halve, state.length / 2)
        state.halved, state.best_then = halve, state.best_objective
        state.rises = torch.zeros_like(state.rises)
        return halve

    def steepest(self, threat: Threat, state: APGDState, direction: Tensor) -> Tensor:
        """The threat's."""
        bounds = state.victim.bounds
        return threat.steepest_inside(direction, state.pixels, bounds, state.length)


@dataclass(frozen=True)
class Sparsifying(Schedule):
    """Croce and Hein 2021, arXiv:2103.01208, algorithm 1: as many values as have proved useful.

    Every 4 % of the steps the next ones are given two thirds of the number of values that the
    best iterate changes. Where that number has fallen by a twentieth since the last check, they
    are as long as in the beginning, and go on from the best iterate; else shorter by a third, at
    least a tenth of the first.
    """

    steps: int
    length: float
    momentum: float = 1.0

    def values(self, state: LoopState, *, known: bool) -> tuple[Tensor, Tensor]:
        """A fifth of all values; else two thirds of those that are changed."""
        every, _ = super().values(state, known=known)
        if not known:
            return every, (every.double() * FIRST).ceil().long()
        changed = _changed(state, state.pixels)
        return changed, _sparser(changed)

    def check(self, state: APGDState) -> Tensor | None:
        """Whose best iterate has become sparser."""
        if state.iteration == 0 or state.iteration % max(int(0.04 * self.steps), 1):
            return None
        changed = _changed(state, state.best)
        sparser = changed < 0.95 * state.changed
        shorter = (state.length / 1.5).clamp(min=self.length / 10)
        state.length = shorter.where(~sparser, self.length)
        state.count = _sparser(changed)
        state.changed = changed
        return sparser

    def steepest(self, threat: Threat, state: APGDState, direction: Tensor) -> Tensor:
        """At so many values, those of the largest gradients, in the range of values."""
        allowed = threat.where_allowed(direction)
        most = (allowed != 0).flatten(1).sum(dim=1).clamp(min=1)
        count = torch.minimum(state.count, most)
        return steepest_few(allowed, state.pixels, state.victim.bounds, state.length, count)


def _changed(state: LoopState, pixels: Tensor) -> Tensor:
    """How many values of each sample (N,) are not the clean ones, but for rounding."""
    low, high = state.victim.bounds
    width = high - low if math.isfinite(high - low) else 0.0
    return ((pixels - state.clean).abs() > 1e-6 * width).flatten(1).sum(dim=1)


def _sparser(changed: Tensor) -> Tensor:
    """How many values (N,) the next steps change."""
    return (changed.double() / 1.5).ceil().long().clamp(min=1)


def check_points(steps: int) -> list[int]:
    """Iterations at which step sizes are looked at: section 3.2, w_j = ceil(p_j steps)."""
    shares = [0.0, 0.22]
    while shares[-1] < 1:
        shares.append(shares[-1] + max(shares[-1] - shares[-2] - 0.03, 0.06))
    # Sums of hundredths, but for the last bits.
    return sorted({math.ceil(round(share * steps, 6)) for share in shares[1:] if share <= 1})
