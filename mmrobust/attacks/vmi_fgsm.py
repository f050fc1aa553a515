"""Variance-tuned momentum iterative FGSM (Wang and He 2021, arXiv:2103.15571)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from mmrobust.attacks.loop_state import LoopState
from mmrobust.attacks.mi_fgsm import MIFGSM, MomentumState
from mmrobust.functional.checks import finite, require, whole
from mmrobust.functional.randomness import SampleRandom
from mmrobust.goals import BoundGoal
from mmrobust.registry import ATTACKS
from mmrobust.victims.counting import CountingVictim


@dataclass
class VarianceState(MomentumState):
    """With how much gradients round about the last place differ from the one there (N, ...)."""

    variance: Tensor


@ATTACKS.register_module()
@dataclass(kw_only=True, eq=False)
class VMIFGSM(MIFGSM):
    """MI-FGSM whose gradient is corrected by those round about the place before, algorithm 1.

    Official setting: 10 steps of eps / 10, decay 1, 20 neighbours within 1.5 eps, no random
    start, no early stop. Neighbours may lie outside of the range of values, as in the official
    code. They cost a forward and a backward each, in every step but the last, after which
    nothing would use them: 190 of both in that setting.
    Deviation: a neighbour is a random member of the threat, ``beta`` times as large: the
    uniform noise of the paper in l_inf, a member of the ball in l_2, nothing outside a mask.

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        goal: What counts as success; default the victim's own.
        steps: Number of steps, >= 1.
        step_size: Length of a step, > 0, in ``step_unit``.
        step_unit: ``eps`` (a share of the budget) or ``pixel`` (grey levels).
        decay: Decay of the momentum, >= 0; 0 is I-FGSM.
        per_frame: See :class:`~mmrobust.attacks.mi_fgsm.MIFGSM`.
        transforms: See :class:`~mmrobust.attacks.mi_fgsm.MIFGSM`.
        neighbours: Gradients that are compared with the one of a step, >= 1.
        beta: How far away they are, in budgets, >= 0; 0 is MI-FGSM.
        early_stop: Leave at the first success after rounding.
    """

    #: What tests build it with.
    example: ClassVar[dict[str, Any]] = {'neighbours': 3}

    neighbours: int = 20
    beta: float = 1.5

    def __post_init__(self) -> None:
        super().__post_init__()
        rule = 'a whole number >= 1'
        require(whole(self.neighbours, 1), 'neighbours', rule, self.neighbours)
        sound = finite(self.beta) and self.beta >= 0
        require(sound, 'beta', 'a finite number >= 0', self.beta)

    def usual_name(self) -> str:
        """As in its paper, after its transforms."""
        return self._transformed_name('VMI-FGSM')

    def begin(
        self, victim: CountingVictim, clean: Tensor, goal: BoundGoal, rng: SampleRandom
    ) -> VarianceState:
        """No place before, no variance."""
        state = super().begin(victim, clean, goal, rng)
        return VarianceState(**vars(state), variance=torch.zeros_like(clean))

    def direction(self, state: LoopState, gradient: Tensor) -> Tensor:
        """Momentum of gradient and variance; the variance of this place is for the next step."""
        assert isinstance(state, VarianceState)
        tuned = gradient + state.variance
        if state.iteration < self.steps - 1:
            state.variance = self._nearby(state) - gradient
        return super().direction(state, tuned)

    def _nearby(self, state: LoopState) -> Tensor:
        """The mean gradient (N, ...) round about the samples."""
        region = self.threat.resized(self.beta * self.threat.eps)
        total = torch.zeros_like(state.pixels)
        for _ in range(self.neighbours):
            _, gradient = self.gradient_at(state, region.random(state.pixels, state.rng))
            total = total + gradient
        return total / self.neighbours
