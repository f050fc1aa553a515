"""Bone length attack (Tanaka et al. 2022): a body of other bones moves as before.

Shapes: N samples, C coordinates, T frames, V joints, M persons, B bones.
"""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor

from mmrobust.attacks.ascent import ascent
from mmrobust.attacks.base import Attack
from mmrobust.functional.bones import bones_of, outwards, stretched
from mmrobust.functional.checks import finite, require, whole
from mmrobust.functional.randomness import SampleRandom
from mmrobust.goals import BoundGoal
from mmrobust.registry import ATTACKS
from mmrobust.threats import FreeJoints, Threat
from mmrobust.threats.joints import found_joints
from mmrobust.victims.counting import CountingVictim


@ATTACKS.register_module()
@dataclass(eq=False)
class BoneLength(Attack):
    """Every bone gets one factor for the whole track, moved by the sign of its gradient.

    A few dozen numbers in all: all joints of all frames follow from them by a walk outwards from
    the root, and every bone keeps its direction in every frame.

    Source: Tanaka, Kera and Kawamoto 2022, arXiv:2109.05830, and the authors' code. **There is no
    ball round the clean track**: factors are bounded, and success stands beside the sizes of the
    change (``deviation``, ``bone_change``), not beside an ``eps``. With a threat that has a budget
    the track is brought back into it, and bones are no longer those of one factor.

    Official setting: factors within 0.1 of 1, 50 steps of 0.01, cross-entropy, samples leave at
    their first success.
    Deviations: bodies of any joints; a bone of which an end was not found stays as it is; a success
    is one that the file can hold.

    Args:
        threat: What may be changed; default :class:`~mmrobust.threats.free_joints.FreeJoints`.
        goal: What counts as success; default the victim's own.
        limit: Furthest that a factor may be from 1, in (0, 1).
        steps: Number of steps, >= 1.
        step_size: Of a factor, > 0.
        parents: Of each joint, the one before it (the root's is itself); None: by the number of
            joints, 17 (COCO), 20 and 25 (Kinect v1, v2).
        early_stop: Leave at the first success after rounding.
    """

    free: ClassVar[bool] = True

    #: What tests build it with: bodies of seven joints.
    example: ClassVar[dict[str, Any]] = {'steps': 10, 'parents': (0, 0, 1, 1, 0, 4, 4)}

    threat: Threat = field(default_factory=FreeJoints)
    _: KW_ONLY
    limit: float = 0.1
    steps: int = 50
    step_size: float = 0.01
    parents: Sequence[int] | None = None
    early_stop: bool = True

    def __post_init__(self) -> None:
        self.threat = FreeJoints() if self.threat is None else self.threat
        super().__post_init__()
        near = finite(self.limit) and 0 < self.limit < 1
        require(near, 'limit', 'above 0 and below 1', self.limit)
        require(whole(self.steps, 1), 'steps', 'a whole number >= 1', self.steps)
        some = finite(self.step_size) and self.step_size > 0
        require(some, 'step_size', 'a finite number > 0', self.step_size)
        require(isinstance(self.early_stop, bool), 'early_stop', 'True or False', self.early_stop)
        if self.parents is not None:
            outwards(self.parents)

    def usual_name(self) -> str:
        """As its paper says it."""
        return 'Bone length'

    def run(
        self, victim: CountingVictim, pixels: Tensor, goal: BoundGoal, rng: SampleRandom
    ) -> Tensor:
        """Step until a sample is fooled, or its steps are used up."""
        bones = bones_of(pixels.shape[3], self.parents, 'attack.parents')
        found, left = pixels.clone(), torch.arange(len(pixels))
        factors = pixels.new_ones(len(pixels), len(bones), pixels.shape[4])
        for _ in range(self.steps):
            here, aim, clean = victim.select(left), goal.select(left), pixels[left]
            leaf = factors[left].detach().requires_grad_()
            outputs = here(self.track(leaf, clean, bones, victim.bounds))
            gradient = ascent(here, leaf, outputs, aim)
            here.flag('zero_gradient', ~gradient.flatten(1).any(dim=1))
            won = self._won(here, aim, outputs, found[left], clean)
            moved = leaf.detach() + self.step_size * gradient.sign()
            factors[left[~won]] = moved.clamp(1 - self.limit, 1 + self.limit)[~won]
            left = left[~won]
            if not len(left):
                break
            track = self.track(factors[left], pixels[left], bones, victim.bounds)
            found[left] = track.detach()
        return found

    def track(
        self,
        factors: Tensor,
        clean: Tensor,
        bones: Sequence[tuple[int, int]],
        bounds: tuple[float, float],
    ) -> Tensor:
        """The track (N, C, T, V, M) of factors (N, B, M), inside a budget where there is one.

        Its slopes are those of the free track: a ball has none at its centre, where all begin.
        """
        moved = stretched(clean, found_joints(clean), bones, factors) - clean
        free = clean + self.threat.where_allowed(moved)
        with torch.no_grad():
            held = self.threat.project_inside(free, clean, bounds) - free
        return free + held

    def _won(
        self, victim: CountingVictim, goal: BoundGoal, outputs: Tensor, there: Tensor, clean: Tensor
    ) -> Tensor:
        """Which samples (N,) succeed where they stand, rounded."""
        won = torch.ones(len(outputs), dtype=torch.bool)
        if victim.success_on is None:
            won = goal.success(outputs.detach()).cpu()
            victim.saw_success(won)
        if not self.early_stop:
            return torch.zeros_like(won)
        rows = won.nonzero().squeeze(1)
        if len(rows):
            judged, at = victim.select(rows), rows.to(there.device)
            held = judged.verdict(self.rounded(there[at], clean[at], judged))
            won[rows] = goal.select(rows).success(held).cpu()
        return won
