"""Momentum iterative FGSM (Dong et al. 2018, arXiv:1710.06081)."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from mmrobust.attacks.gradient_loop import GradientLoop
from mmrobust.attacks.loop_state import LoopState
from mmrobust.functional.checks import finite, require
from mmrobust.functional.norms import expand_to, l1_mean
from mmrobust.functional.randomness import SampleRandom
from mmrobust.goals import BoundGoal
from mmrobust.registry import ATTACKS
from mmrobust.victims.counting import CountingVictim


@dataclass
class MomentumState(LoopState):
    """A loop's state with the decaying sum of gradients (N, C, T, H, W)."""

    momentum: Tensor


@ATTACKS.register_module()
@dataclass(kw_only=True, eq=False)
class MIFGSM(GradientLoop):
    """Steps along a decaying sum of normalised gradients, algorithm 1.

    Official setting: 10 steps of eps / 10, decay 1, no random start, no early
    stop (the attack is made to transfer). The gradient is divided by its mean
    absolute value over the *whole* clip of a sample; dividing by the sum, as
    the paper writes, differs by a constant that the sign ignores.

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        goal: What counts as success; default the victim's own.
        steps: Number of steps, >= 1.
        step_size: Length of a step, > 0, in ``step_unit``.
        step_unit: ``eps`` (a share of the budget) or ``pixel`` (grey levels).
        decay: Decay of the momentum, >= 0; 0 is I-FGSM.
        early_stop: Leave at the first success after rounding.
    """

    step_size: float = 0.1
    decay: float = 1.0
    random_start: bool = field(default=False, init=False)
    restarts: int = field(default=1, init=False)
    early_stop: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        sound = finite(self.decay) and self.decay >= 0
        require(sound, 'decay', 'a finite number >= 0', self.decay)

    def usual_name(self) -> str:
        """As in its paper."""
        return 'MI-FGSM'

    def begin(
        self, victim: CountingVictim, clean: Tensor, goal: BoundGoal, rng: SampleRandom
    ) -> MomentumState:
        """No momentum yet."""
        state = super().begin(victim, clean, goal, rng)
        return MomentumState(**vars(state), momentum=torch.zeros_like(clean))

    def direction(self, state: LoopState, gradient: Tensor) -> Tensor:
        """Eq. 6: g <- decay * g + gradient / mean |gradient|; step along g."""
        assert isinstance(state, MomentumState)
        scale = expand_to(l1_mean(gradient), gradient)
        state.momentum = self.decay * state.momentum + gradient / scale.where(scale > 0, 1.0)
        return state.momentum
