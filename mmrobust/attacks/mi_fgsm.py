"""Momentum iterative FGSM (Dong et al. 2018, arXiv:1710.06081)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from mmrobust.attacks.gradient_loop import GradientLoop
from mmrobust.attacks.loop_state import LoopState
from mmrobust.attacks.steps import step_length
from mmrobust.attacks.transformed import check_transforms, transformed_ascent
from mmrobust.functional.checks import finite, require
from mmrobust.functional.norms import expand_to, l1_mean, l1_mean_of_frames
from mmrobust.functional.randomness import SampleRandom
from mmrobust.goals import BoundGoal
from mmrobust.input_transforms import InputTransform
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
        per_frame: Divide the gradient frame by frame, so that all frames weigh alike.
        transforms: What the samples pass before the victim sees them, in this order; see
            :mod:`mmrobust.input_transforms`.
        early_stop: Leave at the first success after rounding (with transforms one more
            forward per step looks at where the samples stand).
    """

    step_size: float = 0.1
    decay: float = 1.0
    per_frame: bool = False
    transforms: Sequence[InputTransform] = ()
    random_start: bool = field(default=False, init=False)
    restarts: int = field(default=1, init=False)
    early_stop: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        sound = finite(self.decay) and self.decay >= 0
        require(sound, 'decay', 'a finite number >= 0', self.decay)
        flag = isinstance(self.per_frame, bool)
        require(flag, 'per_frame', 'True or False', self.per_frame)
        check_transforms(self.transforms)

    def usual_name(self) -> str:
        """As in its paper, after its transforms: 'DI-MI-FGSM'."""
        return self._transformed_name('MI-FGSM')

    def _transformed_name(self, name: str) -> str:
        return '-'.join([*(transform.name for transform in self.transforms), name])

    def begin(
        self, victim: CountingVictim, clean: Tensor, goal: BoundGoal, rng: SampleRandom
    ) -> MomentumState:
        """No momentum yet."""
        clips = not self.per_frame or clean.dim() == 5
        rule = 'clips (N, C, T, H, W) with per_frame'
        require(clips, 'pixels', rule, tuple(clean.shape))
        for transform in self.transforms:
            transform.check(clean, victim.bounds)
        state = super().begin(victim, clean, goal, rng)
        return MomentumState(**vars(state), momentum=torch.zeros_like(clean))

    def gradient(self, state: LoopState) -> tuple[Tensor, Tensor]:
        """Where the samples stand, through the transforms."""
        return self.gradient_at(state, state.pixels)

    def gradient_at(self, state: LoopState, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Outputs and gradient at any pixels (N, ...), through the transforms."""
        if not self.transforms:
            return super().gradient_at(state, pixels)
        return transformed_ascent(state, pixels, self.transforms)

    def outputs_decide(self, state: LoopState) -> bool:
        """Not those of transformed samples."""
        return super().outputs_decide(state) and not self.transforms

    def direction(self, state: LoopState, gradient: Tensor) -> Tensor:
        """Eq. 6: g <- decay * g + gradient / mean |gradient|; step along g."""
        assert isinstance(state, MomentumState)
        whole = not self.per_frame
        scale = expand_to(l1_mean(gradient), gradient) if whole else l1_mean_of_frames(gradient)
        state.momentum = self.decay * state.momentum + gradient / scale.where(scale > 0, 1.0)
        return state.momentum

    def _way(self, direction: Tensor) -> Tensor:
        """Where a step along a direction (N, ...) of mean absolute value 1 leads, from here."""
        length = step_length(self.step_size, self.step_unit, self.threat)
        # A step of equal values: 1 in l_inf, of Euclidean length 1 in l_2, 0 outside a mask.
        return length * self.threat.steepest(torch.ones_like(direction)) * direction

    def describe(self) -> dict[str, Any]:
        """The options; transforms as their configs."""
        transforms = [transform.describe() for transform in self.transforms]
        return super().describe() | {'transforms': transforms}
