"""How near a search's estimate is to the true gradient; the search is not told."""

from __future__ import annotations

import torch
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.goals import Goal
from mmrobust.query.trial import Trial
from mmrobust.victims.base import Victim
from mmrobust.victims.meter import Metered


class GradientCheck:
    """Cosines of estimated and true gradients along a run.

    Args:
        victim: Bound to the N samples, differentiable; its calls are not counted.
        goal: Bound to the N samples.
        every: Compare at every so many answers of a sample, >= 1.
    """

    def __init__(self, victim: Victim, goal: Goal, every: int) -> None:
        self.victim, self.goal, self.every = victim, goal, every
        self.seen: dict[int, int] = {}
        self.cosines: dict[int, list[float]] = {}

    def __call__(self, row: int, trial: Trial) -> None:
        """After an answer to sample ``row``."""
        if trial.estimate is None or trial.origin is None:
            return
        self.seen[row] = self.seen.get(row, 0) + 1
        if (self.seen[row] - 1) % self.every == 0:
            true = self._gradient(row, trial.origin)
            found = cosine(trial.estimate * trial.allowed, true * trial.allowed)
            self.cosines.setdefault(row, []).append(found)

    def _gradient(self, row: int, origin: Tensor) -> Tensor:
        """Of the objective at ``origin`` (C, T, H, W)."""
        one = torch.tensor([row])
        with torch.enable_grad():
            leaf = origin[None].detach().requires_grad_()
            outputs = self.victim.select(one)(leaf)
            rule = 'a victim with gradients (0 for one without)'
            require(outputs.requires_grad, 'gradient_check', rule, self.every)
            objective = self.goal.select(one).objective(outputs).sum()
            (gradient,) = torch.autograd.grad(objective, leaf)
        return gradient[0]

    def record(self, victim: Metered) -> None:
        """The means as measure ``gradient_cosine`` of the samples."""
        for row, values in self.cosines.items():
            measures = victim.tally.measures[int(victim.rows[row])]
            measures['gradient_cosine'] = sum(values) / len(values)


def cosine(one: Tensor, other: Tensor) -> float:
    """Of two tensors of one shape; 0 where one of them is zero."""
    a, b = one.double().flatten(), other.double().flatten()
    length = a.norm() * b.norm()
    return float(a @ b / length) if length > 0 else 0.0
