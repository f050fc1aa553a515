"""Enhanced momentum iterative FGSM (Wang, Lin, Hu, Wang and He 2021, arXiv:2103.10609)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from mmrobust.attacks.loop_state import LoopState
from mmrobust.attacks.mi_fgsm import MIFGSM, MomentumState
from mmrobust.functional.checks import finite, require, whole
from mmrobust.functional.norms import expand_to, l1_mean
from mmrobust.functional.randomness import SampleRandom
from mmrobust.goals import BoundGoal
from mmrobust.registry import ATTACKS
from mmrobust.victims.counting import CountingVictim


@dataclass
class EnhancedState(MomentumState):
    """With the mean gradient of the step before, of mean absolute value 1 (N, ...)."""

    before: Tensor


@ATTACKS.register_module()
@dataclass(kw_only=True, eq=False)
class EMIFGSM(MIFGSM):
    """MI-FGSM whose gradient is a mean along the direction of the one before.

    It is taken at x + c * step * g, c from -radius to radius in even distances, g the last mean
    gradient, divided by its mean absolute value.
    Official setting: 10 steps of eps / 10, decay 1, 11 places up to a radius of 7, no random
    start, no early stop. Places may lie outside of threat and range of values, as in the
    official code; at the first step, all of them are the sample itself.
    Deviation: in other norms than l_inf the distance has the length that the same g would have
    there, and none outside a mask.

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        goal: What counts as success; default the victim's own.
        steps: Number of steps, >= 1.
        step_size: Length of a step, > 0, in ``step_unit``.
        step_unit: ``eps`` (a share of the budget) or ``pixel`` (grey levels).
        decay: Decay of the momentum, >= 0; 0 is I-FGSM.
        per_frame: See :class:`~mmrobust.attacks.mi_fgsm.MIFGSM`.
        transforms: See :class:`~mmrobust.attacks.mi_fgsm.MIFGSM`.
        places: Gradients of a step, >= 1; each costs a forward and a backward. One is MI-FGSM.
        radius: The furthest of them, in steps, >= 0.
        early_stop: Leave at the first success after rounding (one more forward per step
            looks at where the samples stand).
    """

    #: What tests build it with.
    example: ClassVar[dict[str, Any]] = {'places': 3}

    places: int = 11
    radius: float = 7.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require(whole(self.places, 1), 'places', 'a whole number >= 1', self.places)
        sound = finite(self.radius) and self.radius >= 0
        require(sound, 'radius', 'a finite number >= 0', self.radius)

    def usual_name(self) -> str:
        """As in its paper, after its transforms."""
        return self._transformed_name('EMI-FGSM')

    def begin(
        self, victim: CountingVictim, clean: Tensor, goal: BoundGoal, rng: SampleRandom
    ) -> EnhancedState:
        """No gradient before."""
        state = super().begin(victim, clean, goal, rng)
        return EnhancedState(**vars(state), before=torch.zeros_like(clean))

    def gradient(self, state: LoopState) -> tuple[Tensor, Tensor]:
        """Outputs at the last of the places, and the mean gradient over all."""
        assert isinstance(state, EnhancedState)
        way = self._way(state.before)
        total = torch.zeros_like(state.pixels)
        for place in self._along():
            outputs, gradient = self.gradient_at(state, state.pixels + place * way)
            total = total + gradient / self.places
        scale = expand_to(l1_mean(total), total)
        state.before = total / scale.where(scale > 0, 1.0)
        return outputs, total

    def _along(self) -> list[float]:
        """From one end to the other; a single place is the sample itself."""
        if self.places == 1:
            return [0.0]
        last = self.places - 1
        return [self.radius * (2 * number / last - 1) for number in range(self.places)]

    def outputs_decide(self, state: LoopState) -> bool:
        """They are those of another place."""
        return super().outputs_decide(state) and self.places == 1
