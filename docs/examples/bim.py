"""Basic iterative method (Kurakin, Goodfellow and Bengio 2017, arXiv:1607.02533)."""

import torch
from torch import Tensor

from mmrobust.attacks import Attack
from mmrobust.functional.checks import require
from mmrobust.functional.randomness import SampleRandom
from mmrobust.goals import BoundGoal, Goal
from mmrobust.registry import ATTACKS
from mmrobust.threats import Threat
from mmrobust.victims import CountingVictim


@ATTACKS.register_module()
class BIM(Attack):
    """Equal steps from the clean pixels along the steepest direction, section 2.2.

    Official setting: l_inf, steps of one grey level.
    Deviation: steps of eps / steps.

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        goal: What counts as success; default ``Misclassify()``.
        steps: Number of steps, >= 1.
    """

    def __init__(
        self, threat: Threat | None = None, goal: Goal | None = None, *, steps: int = 10
    ) -> None:
        super().__init__(threat, goal)
        require(isinstance(steps, int) and steps >= 1, 'steps', 'a whole number >= 1', steps)
        self.steps = steps

    def run(
        self, victim: CountingVictim, pixels: Tensor, goal: BoundGoal, rng: SampleRandom
    ) -> Tensor:
        """Step, project, and again."""
        found = pixels
        for _ in range(self.steps):
            leaf = found.detach().requires_grad_()
            outputs = victim(leaf)
            victim.flag('not_finite', ~outputs.isfinite().all(dim=1))
            (gradient,) = torch.autograd.grad(goal.objective(outputs).sum(), leaf)
            victim.flag('not_finite', ~gradient.isfinite().flatten(1).all(dim=1))
            direction = self.threat.steepest(gradient.nan_to_num())
            victim.flag('zero_gradient', ~direction.flatten(1).any(dim=1))
            moved = found + self.threat.eps / self.steps * direction
            found = self.threat.project(moved, pixels).clamp(*victim.bounds)
        return found
