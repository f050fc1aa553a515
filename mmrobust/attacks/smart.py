"""SMART (Wang et al. 2021): tracks that fool, and look as if they moved as before.

Shapes: N samples, C coordinates, T frames, V joints, M persons.
"""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor

from mmrobust.attacks.gradient_loop import GradientLoop
from mmrobust.attacks.loop_state import LoopState
from mmrobust.attacks.steps import StepUnit
from mmrobust.functional.bones import bones_of, outwards
from mmrobust.functional.checks import finite, require
from mmrobust.functional.randomness import SampleRandom
from mmrobust.functional.track_costs import acceleration_cost, bone_cost, distance_cost
from mmrobust.goals import BoundGoal
from mmrobust.registry import ATTACKS
from mmrobust.threats import FreeJoints, Threat
from mmrobust.victims.counting import CountingVictim

# Of a joint's squared way in the loss, for most joints of the official code.
JOINT_WEIGHT = 0.02


@dataclass
class WayState(LoopState):
    """A loop's state with where the next step leads.

    Attributes:
        way: (N, C, T, V, M), both gradients together.
    """

    way: Tensor


@ATTACKS.register_module()
@dataclass(eq=False)
class SMART(GradientLoop):
    """Steps along the goal's gradient and against that of a loss of what the eye sees.

    The loss adds up changes of bones' lengths, of accelerations and of places. Both gradients are
    brought to length 1 in every frame before they are added.

    Source: Wang et al. 2021, arXiv:2103.05347, and the authors' code. **There is no ball round the
    clean track**: success stands beside the sizes of the change (``deviation``, ``bone_change``,
    ``acceleration_change``), not beside an ``eps``. With a threat that has a budget every step is
    brought back into it, which is another attack than the published one.

    Official setting: 1,000 steps of 0.01 in standardised coordinates of HDM05, cross-entropy,
    0.6 of the goal's gradient, 0.4 of the loss's, of which 0.4 are places and the rest 0.7 bones
    and 0.3 accelerations at 30 frames per second; samples leave at their first success. Per second
    a squared acceleration is 30 to the fourth, 810,000, times what it is per frame: bones hardly
    count beside it.
    Deviations: lengths are in the track's unit; all joints weigh 0.02, where the official code has
    0.04 for the five of HDM05's trunk; steps are not cut at a length of 100, which none has; a
    success is one that the file can hold.

    Args:
        threat: What may be changed; default :class:`~mmrobust.threats.free_joints.FreeJoints`.
        goal: What counts as success; default the victim's own.
        steps: Number of steps, >= 1.
        step_size: Length of a step in every frame, over all its joints, > 0, in the track's unit.
        class_weight: Share of the goal's gradient in a step, in (0, 1].
        distance_weight: Share of places in the loss, in [0, 1].
        bone_weight: Share of bones in the rest of the loss, in [0, 1].
        rate: Frames per second, > 0.
        parents: Of each joint, the one before it (the root's is itself); None: by the number of
            joints, 17 (COCO), 20 and 25 (Kinect v1, v2).
        early_stop: Leave at the first success after rounding.
    """

    free: ClassVar[bool] = True

    #: What tests build it with: bodies of seven joints, in grey levels.
    example: ClassVar[dict[str, Any]] = {
        'steps': 10,
        'step_size': 60.0,
        'rate': 1.0,
        'parents': (0, 0, 1, 1, 0, 4, 4),
    }

    threat: Threat = field(default_factory=FreeJoints)
    _: KW_ONLY
    steps: int = 1000
    step_size: float = 0.01
    class_weight: float = 0.6
    distance_weight: float = 0.4
    bone_weight: float = 0.7
    rate: float = 30.0
    parents: Sequence[int] | None = None
    step_unit: StepUnit = field(default='pixel', init=False)
    random_start: bool = field(default=False, init=False)
    restarts: int = field(default=1, init=False)

    def __post_init__(self) -> None:
        self.threat = FreeJoints() if self.threat is None else self.threat
        super().__post_init__()
        for name in ('class_weight', 'distance_weight', 'bone_weight'):
            value = getattr(self, name)
            require(finite(value) and 0 <= value <= 1, name, 'in [0, 1]', value)
        require(self.class_weight > 0, 'class_weight', 'above 0', self.class_weight)
        require(finite(self.rate) and self.rate > 0, 'rate', 'a finite number > 0', self.rate)
        if self.parents is not None:
            outwards(self.parents)

    def begin(
        self, victim: CountingVictim, clean: Tensor, goal: BoundGoal, rng: SampleRandom
    ) -> LoopState:
        """At the clean track."""
        start = clean.clone()
        return WayState(victim, goal, clean, start, rng, iteration=0, way=torch.zeros_like(clean))

    def cost(self, places: Tensor, clean: Tensor) -> Tensor:
        """The loss of what the eye sees (N,)."""
        bones = bones_of(clean.shape[3], self.parents, 'attack.parents')
        seen = self.bone_weight * bone_cost(places, clean, bones)
        seen = seen + (1 - self.bone_weight) * acceleration_cost(places, clean, self.rate)
        far = JOINT_WEIGHT * distance_cost(places, clean)
        return (1 - self.distance_weight) * seen + self.distance_weight * far

    def direction(self, state: LoopState, gradient: Tensor) -> Tensor:
        """Both gradients at length 1 in every frame, weighted."""
        assert isinstance(state, WayState)
        with torch.enable_grad():
            leaf = state.pixels.detach().requires_grad_()
            (slope,) = torch.autograd.grad(self.cost(leaf, state.clean).sum(), leaf)
        goal = _per_frame(self.threat.where_allowed(gradient))
        state.way = self.class_weight * goal - (1 - self.class_weight) * _per_frame(slope)
        return state.way

    def step(self, state: LoopState, steepest: Tensor) -> Tensor:
        """So far along both, and back into a budget where there is one."""
        assert isinstance(state, WayState)
        moved = state.pixels + self.step_size * state.way
        return self.threat.project_inside(moved, state.clean, state.victim.bounds)


def _per_frame(gradient: Tensor) -> Tensor:
    """Each frame of (N, C, T, V, M) at Euclidean length 1; zero stays zero."""
    peak = gradient.abs().amax(dim=(1, 3, 4), keepdim=True)
    scaled = gradient / peak.where(peak > 0, 1.0)
    length = scaled.square().sum(dim=(1, 3, 4), keepdim=True).sqrt()
    return scaled / length.where(length > 0, 1.0)
