"""Arms or legs of somebody who does something else: a control that asks nothing.

Shapes: N samples, C coordinates, T frames, V joints, M persons, B bones.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor

from mmrobust.attacks.base import Attack
from mmrobust.datasets.donor_tracks import DonorTracks
from mmrobust.functional.bones import bones_of, outwards, turned
from mmrobust.functional.checks import require, whole
from mmrobust.functional.randomness import SampleRandom
from mmrobust.goals import BoundGoal, ClassGoal, Goal
from mmrobust.goals.targeted import Targeted
from mmrobust.registry import ATTACKS
from mmrobust.threats import FreeJoints, Threat
from mmrobust.threats.joints import found_joints
from mmrobust.victims.counting import CountingVictim

# By the number of joints: those whose bones turn; shoulders and hips stay.
PARTS: dict[str, dict[int, tuple[int, ...]]] = {
    'arms': {
        17: (7, 8, 9, 10),
        20: (5, 6, 7, 9, 10, 11),
        25: (5, 6, 7, 9, 10, 11, 21, 22, 23, 24),
    },
    'legs': {17: (13, 14, 15, 16), 20: (13, 14, 15, 17, 18, 19), 25: (13, 14, 15, 17, 18, 19)},
}
# Of a body of seven joints, for tests.
_POSE = ((1, 1, 1), (9, 2, 3), (4, 8, 2), (2, 7, 7), (3, 3, 9), (8, 1, 5), (5, 5, 1))


@ATTACKS.register_module()
@dataclass(eq=False)
class SwapPart(Attack):
    """Arms or legs move as those of a track of another class; every bone is as long as before.

    A control, no attack: one random donor per sample, no query and no gradient. It says how much a
    part decides, and what an attack that moves it is worth. **There is no ball round the clean
    track**, and the change is large and visible. Run it once for each part.

    Source: after the variant without a surrogate (N) of ISAAC, arXiv:2501.16843, of which the
    abstract alone is known.
    Deviations: parts are named here, not found; only directions of bones are taken, as the file
    has them, so that a donor who faces elsewhere turns the part; donors are stretched in time to
    the sample's frames, each frame the nearest; every person gets the part.

    Args:
        threat: What may be changed; default :class:`~mmrobust.threats.free_joints.FreeJoints`.
        goal: What counts as success; default the victim's own. Donors are of any class but the
            right one, or of the target class.
        donors: An annotation file as MMAction2's ``PoseDataset`` reads it, all splits of it, or a
            list of dicts with ``label`` and ``keypoint`` (M, T, V, C).
        part: ``arms``, ``legs`` (bodies of 17, 20 and 25 joints), or a list of joints, whose bones
            turn.
        parents: Of each joint, the one before it (the root's is itself); None: by the number of
            joints, 17 (COCO), 20 and 25 (Kinect v1, v2).
    """

    control: ClassVar[bool] = True
    free: ClassVar[bool] = True

    #: What tests build it with: bodies of seven joints.
    example: ClassVar[dict[str, Any]] = {
        'donors': [
            {'label': label, 'keypoint': [[_POSE[label:] + _POSE[:label]]]} for label in range(4)
        ],
        'part': (1, 2, 3, 4, 5, 6),
        'parents': (0, 0, 1, 1, 0, 4, 4),
    }

    threat: Threat = field(default_factory=FreeJoints)
    _: KW_ONLY
    donors: str | Sequence[Mapping[str, Any]]
    part: str | Sequence[int] = 'arms'
    parents: Sequence[int] | None = None

    def __post_init__(self) -> None:
        self.threat = FreeJoints() if self.threat is None else self.threat
        super().__post_init__()
        named = isinstance(self.part, str)
        listed = isinstance(self.part, list | tuple) and len(self.part) > 0
        joints = listed and all(whole(joint, 0) for joint in self.part)
        rule = f'{", ".join(PARTS)}, or a list of joints'
        require(self.part in PARTS if named else joints, 'part', rule, self.part)
        if self.parents is not None:
            outwards(self.parents)
        self._donors = DonorTracks(self.donors)

    def check_goal(self, goal: Goal) -> None:
        """Raise ValueError unless the goal is one of classes."""
        kind = type(goal).__name__
        require(isinstance(goal, ClassGoal), 'goal', 'one of classes for SwapPart', kind)

    def usual_name(self) -> str:
        """With the part."""
        return f'Swapped {self.part if isinstance(self.part, str) else "joints"}'

    def most_calls(self) -> int:
        """None at all."""
        return 0

    def run(
        self, victim: CountingVictim, pixels: Tensor, goal: BoundGoal, rng: SampleRandom
    ) -> Tensor:
        """One donor for each sample."""
        bones = bones_of(pixels.shape[3], self.parents, 'attack.parents')
        joints = self._joints(pixels.shape[3])
        facts: Any = goal.facts
        ways = []
        for row, stream in enumerate(rng.generators):
            right, aim = int(facts.reference[row]), int(facts.classes[row])
            aimed = isinstance(goal.goal, Targeted)
            classes = {aim} if aimed else self._donors.classes - {right}
            shape = pixels.shape[3], pixels.shape[1]
            donor = self._donors.drawn(sorted(classes), shape, stream)
            ways.append(_ways(donor, bones, pixels.shape[2]))
        directions = torch.stack(ways)[..., None].to(pixels).expand(*[-1] * 4, pixels.shape[4])
        found = turned(pixels, found_joints(pixels), bones, directions, joints)
        return self.threat.project_inside(found, pixels, victim.bounds)

    def _joints(self, count: int) -> Collection[int]:
        if not isinstance(self.part, str):
            rule = f'joints below {count}'
            require(max(self.part) < count, 'attack.part', rule, list(self.part))
            return self.part
        known = PARTS[self.part]
        rule = f'a list of joints for other bodies than those of {", ".join(map(str, known))}'
        require(count in known, 'attack.part', rule, f'{self.part} of {count} joints')
        return known[count]


def _ways(donor: Tensor, bones: Sequence[tuple[int, int]], frames: int) -> Tensor:
    """A donor's bones (C, T, B) in so many frames of a track (t, V, C); 0: an end was not found."""
    nearest = torch.linspace(0, len(donor) - 1, frames).round().long()
    places = donor[nearest]
    ends, starts = (list(joints) for joints in zip(*bones, strict=True))
    found = (places != 0).any(dim=2)
    there = found[:, ends] & found[:, starts]
    return ((places[:, ends] - places[:, starts]) * there[..., None]).permute(2, 0, 1)
