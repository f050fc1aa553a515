"""Changes of tracks that leave bones as long as they are.

Shapes: N samples, C coordinates, T frames, V joints, M persons.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mmrobust.functional.bones import bone_vectors, bones_of, outwards, with_lengths
from mmrobust.functional.checks import finite, require
from mmrobust.functional.randomness import SampleRandom
from mmrobust.registry import THREATS
from mmrobust.threats.joints import JointL2, found_joints

ROUNDS, HALVINGS = 10, 30
# A bone of the length that it may have is off by the last bits.
SLACK = 1e-9


@THREATS.register_module()
@dataclass(frozen=True)
class KeptBones(JointL2):
    """Tracks within ``eps`` of each joint whose bones keep their lengths in every frame.

    The lengths are those of the clean frame, not of a body: those of a sensor change by several
    per cent within a sequence. Both conditions together are no convex set: projection walks from
    the root outwards and back into the balls, several times, and then goes along the straight way
    from the clean frame as far as both hold; a frame of the clean track always does.

    Bones are checked before a file's type rounds.

    Args:
        eps: Radius of every ball, in what the track is counted in, >= 0.
        beta: Largest change of a bone, as a share of its length, >= 0.
        parents: Of each joint, the one before it (the root's is itself); None: by the number of
            joints, 17 (COCO), 20 and 25 (Kinect v1, v2).
    """

    beta: float = 0.02
    parents: Sequence[int] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        require(finite(self.beta) and self.beta >= 0, 'beta', 'a finite number >= 0', self.beta)
        if self.parents is not None:
            outwards(self.parents)

    def random(self, pixels: Tensor, rng: SampleRandom) -> Tensor:
        """A random member of the balls, with its bones put right."""
        return self.project(super().random(pixels, rng), pixels)

    def project(self, candidate: Tensor, pixels: Tensor) -> Tensor:
        """Into the balls with the lengths held, frame by frame."""
        bones, found = self._bones(pixels), found_joints(pixels)
        near = super().project(candidate, pixels)
        for _ in range(ROUNDS):
            held = with_lengths(near, pixels, found, bones, self.beta)
            near = super().project(held, pixels)
        # Of the last two, the one whose bones are right; the way back sees to the balls.
        way = (held - pixels) * found
        high = torch.ones_like(pixels[:, :1, :, :1])
        low = torch.where(self._holds(pixels + way, pixels, bones), high, 0.0)
        for _ in range(HALVINGS if bool((low < high).any()) else 0):
            middle = (low + high) / 2
            sound = self._holds(pixels + middle * way, pixels, bones)
            low, high = torch.where(sound, middle, low), torch.where(sound, high, middle)
        return pixels + low * way

    def check(self, pixels: Tensor) -> None:
        """Raise ValueError for what is no track, or one of another body."""
        super().check(pixels)
        self._bones(pixels)

    def _bones(self, pixels: Tensor) -> list[tuple[int, int]]:
        return bones_of(pixels.shape[3], self.parents, 'threat.parents')

    def _holds(self, places: Tensor, pixels: Tensor, bones: list[tuple[int, int]]) -> Tensor:
        """Which frames (N, 1, T, 1, M) are in the balls with their bones as they may be."""
        inside = (places - pixels).norm(dim=1, keepdim=True) <= self.eps * (1 + SLACK)
        before, after = (
            bone_vectors(track, bones).norm(dim=1, keepdim=True) for track in (pixels, places)
        )
        found = found_joints(pixels)
        ends, starts = (list(joints) for joints in zip(*bones, strict=True))
        there = found[:, :, :, ends] & found[:, :, :, starts]
        kept = (after - before).abs() <= (self.beta + SLACK) * before
        sound: Tensor = (kept | ~there).all(dim=3, keepdim=True)
        return sound & inside.all(dim=3, keepdim=True)
