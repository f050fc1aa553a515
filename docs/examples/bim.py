"""Basic iterative method (Kurakin, Goodfellow and Bengio 2017, arXiv:1607.02533)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mmrobust.attacks import Attack
from mmrobust.functional.checks import require
from mmrobust.functional.randomness import SampleRandom
from mmrobust.goals import BoundGoal
from mmrobust.registry import ATTACKS
from mmrobust.victims import CountingVictim


@ATTACKS.register_module()
@dataclass(kw_only=True, eq=False)
class BIM(Attack):
    """Equal steps from the clean pixels along the steepest direction, section 2.2.

    Official setting: l_inf, steps of one grey level.
    Deviation: steps of eps / steps.

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        goal: What counts as success; default ``Misclassify()``.
        steps: Number of steps, >= 1.
    """

    steps: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        sound = isinstance(self.steps, int) and self.steps >= 1
        require(sound, 'steps', 'a whole number >= 1', self.steps)

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
