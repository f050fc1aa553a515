"""Bodies as trees of bones, and bones held to their lengths.

Shapes: N samples, C coordinates, T frames, V joints, M persons.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mmrobust.functional.checks import require, whole

# By the number of joints: of each, the one before it on the way to the root, which has itself.
PARENTS: dict[int, tuple[int, ...]] = {
    # COCO, as MMAction2's graph has it: the nose is the root.
    17: (0, 0, 0, 1, 2, 0, 0, 5, 6, 7, 8, 5, 6, 11, 12, 13, 14),
    # Kinect v1: the middle of the hips is the root.
    20: (0, 0, 1, 2, 2, 4, 5, 6, 2, 8, 9, 10, 0, 12, 13, 14, 0, 16, 17, 18),
    # Kinect v2, as MMAction2's graph has it: the spine between the shoulders is the root.
    25: (
        *(1, 20, 20, 2, 20, 4, 5, 6, 20, 8, 9, 10, 0),
        *(12, 13, 14, 0, 16, 17, 18, 20, 7, 7, 11, 11),
    ),
}


def outwards(parents: Sequence[int]) -> list[tuple[int, int]]:
    """Joint and the one before it, each bone behind those that lead to it.

    Raises:
        ValueError: They are no tree with one root.
    """
    count = len(parents)
    rule = 'a list with one joint before each joint, and itself for the root'
    inside = bool(parents) and all(whole(p, 0) and p < count for p in parents)
    require(inside, 'parents', rule, list(parents))
    reached = {joint for joint, parent in enumerate(parents) if joint == parent}
    require(len(reached) == 1, 'parents', 'of one root, which is before itself', list(parents))
    found: list[tuple[int, int]] = []
    while len(reached) < count:
        ready = [(j, p) for j, p in enumerate(parents) if j not in reached and p in reached]
        require(bool(ready), 'parents', 'without a circle', list(parents))
        found += ready
        reached |= {joint for joint, _ in ready}
    return found


def bone_vectors(places: Tensor, bones: Sequence[tuple[int, int]]) -> Tensor:
    """From the joint before to each joint (N, C, T, B, M) of places (N, C, T, V, M)."""
    ends, starts = zip(*bones, strict=True)
    return places[:, :, :, list(ends)] - places[:, :, :, list(starts)]


def with_lengths(
    places: Tensor, clean: Tensor, found: Tensor, bones: Sequence[tuple[int, int]], beta: float
) -> Tensor:
    """Places whose bones have the clean lengths within a share, walking outwards from the root.

    A bone keeps its direction, and takes all that hangs on it along. Bones of which an end was not
    found hold nobody.

    Args:
        places: (N, C, T, V, M).
        clean: Likewise.
        found: (N, 1, T, V, M) bool.
        bones: In the order of :func:`outwards`.
        beta: Largest change of a length, as a share of it, >= 0.
    """
    joints = list(places.unbind(dim=3))
    for joint, parent in bones:
        before = clean[:, :, :, joint] - clean[:, :, :, parent]
        now = places[:, :, :, joint] - places[:, :, :, parent]
        wanted = before.norm(dim=1, keepdim=True)
        length = now.norm(dim=1, keepdim=True)
        direction = torch.where(length > 0, now, before)
        size = torch.where(length > 0, length, wanted)
        held = torch.minimum(torch.maximum(length, (1 - beta) * wanted), (1 + beta) * wanted)
        there = found[:, :, :, joint] & found[:, :, :, parent]
        moved = joints[parent] + direction * (held / size.where(size > 0, 1.0))
        joints[joint] = torch.where(there, moved, joints[joint])
    return torch.stack(joints, dim=3)
