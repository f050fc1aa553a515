"""APGD-T (Croce and Hein 2020, arXiv:2003.01690, section 5): one APGD after another, by target.

Shapes: N samples, C channels, T frames, H, W pixels; values 0..255.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from mmrobust.attacks.apgd import APGD
from mmrobust.functional.checks import require, whole
from mmrobust.functional.randomness import SampleRandom
from mmrobust.goals import BoundGoal
from mmrobust.registry import ATTACKS
from mmrobust.victims.counting import CountingVictim


@ATTACKS.register_module()
@dataclass(kw_only=True, eq=False)
class APGDT(APGD):
    """A run of APGD towards each of the likeliest wrong answers of the clean sample.

    Success stays that of the goal: whichever wrong answer wins will do. For classes the
    objective is the targeted difference of logits ratio
    (:func:`~mmrobust.functional.losses.dlr_towards`); the goal's ``loss`` is not used. Of poses
    the j-th run pulls every joint to its j-th likely wrong place
    (:func:`~mmrobust.goals.pose_candidates.pose_candidates`), which the paper does not have.

    Official setting: 9 targets, 100 steps. Deviations: with fewer classes there are fewer
    targets (the official code ends in an error); targets are ranked once, by the clean
    outputs, not anew for each run; and those of :class:`~mmrobust.attacks.apgd.APGD`.

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        goal: What counts as success; default the victim's own. It must know candidates.
        targets: How many wrong answers to try, >= 1.
        steps: Steps per target and restart, >= 1.
        step_size: Length of the first steps, > 0, in ``step_unit``.
        step_unit: ``eps`` (a share of the budget) or ``pixel`` (grey levels).
        momentum: Weight of the new step against the one before, in (0, 1]; 1 is without.
        rising: Share of steps that must raise the objective, in [0, 1].
        random_start: Start at a random member of the threat.
        restarts: Runs per target from fresh random starts, for samples not yet fooled.
        early_stop: Leave at the first success after rounding.
    """

    example: ClassVar[dict[str, Any]] = {'steps': 12}

    targets: int = 9

    def __post_init__(self) -> None:
        super().__post_init__()
        require(whole(self.targets, 1), 'targets', 'a whole number >= 1', self.targets)

    def usual_name(self) -> str:
        """As in its paper."""
        return 'APGD-T'

    def most_calls(self) -> int:
        """Those of all targets, at each of which it looks once more."""
        return self.targets * (super().most_calls() + 1)

    def run(
        self, victim: CountingVictim, pixels: Tensor, goal: BoundGoal, rng: SampleRandom
    ) -> Tensor:
        """Target after target, for the samples that none before succeeded on."""
        aims = goal.candidates(victim.clean_outputs, self.targets)
        rule = 'one that knows likely wrong answers (Misclassify and CorruptPose do)'
        require(bool(aims), 'goal', rule, type(goal.goal).__name__)
        best, left = pixels.clone(), torch.arange(len(pixels))
        closest = torch.full((len(pixels),), -torch.inf, dtype=torch.float64)
        for aim in aims:
            target, clean = victim.select(left), pixels[left]
            found = super().run(target, clean, aim.select(left), rng.select(left))
            outputs = target.verdict(self.rounded(found, clean, target))
            # By the goal's own objective, as those of two targets do not compare.
            value = goal.select(left).objective(outputs).double().cpu()
            done = goal.select(left).success(outputs).cpu()
            better = done | (value > closest[left])
            best[left[better]] = found[better]
            closest[left] = torch.fmax(value, closest[left])
            left = left[~done]
            if not len(left):
                break
        return best
