"""Bodies as trees of bones, and bones held to their lengths.

Shapes: N samples, C coordinates, T frames, V joints, M persons.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

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


def bones_of(joints: int, parents: Sequence[int] | None, name: str) -> list[tuple[int, int]]:
    """Joint and the one before it, as given, or of the body of so many joints.

    Args:
        joints: V.
        parents: As :func:`outwards` takes them; None: by the number of joints.
        name: What messages call them.

    Raises:
        ValueError: None are given, and no body has so many joints; or they are of other bodies.
    """
    known = ', '.join(map(str, PARENTS))
    rule = f'given for other skeletons than those of {known} joints'
    require(parents is not None or joints in PARENTS, name, rule, joints)
    found = PARENTS[joints] if parents is None else parents
    require(len(found) == joints, name, f'of {joints} joints', len(found))
    return outwards(found)


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


def stretched(
    places: Tensor, found: Tensor, bones: Sequence[tuple[int, int]], factors: Tensor
) -> Tensor:
    """Places whose bones are some times as long, in all frames, walking outwards from the root.

    A bone keeps its direction, and takes all that hangs on it along. A bone of which an end was not
    found stays as it is.

    Args:
        places: (N, C, T, V, M).
        found: (N, 1, T, V, M) bool.
        bones: In the order of :func:`outwards`, B of them.
        factors: (N, B, M).
    """
    # How far each joint moves: what stays, stays to the last bit.
    shifts = [torch.zeros_like(one) for one in places.unbind(dim=3)]
    for place, (joint, parent) in enumerate(bones):
        bone = places[:, :, :, joint] - places[:, :, :, parent]
        there = found[:, :, :, joint] & found[:, :, :, parent]
        longer = (factors[:, None, None, place] - 1) * bone
        shifts[joint] = torch.where(there, shifts[parent] + longer, 0.0)
    return places + torch.stack(shifts, dim=3)


def turned(
    places: Tensor,
    found: Tensor,
    bones: Sequence[tuple[int, int]],
    ways: Tensor,
    joints: Collection[int],
) -> Tensor:
    """Places in which the bones to some joints point elsewhere and are as long as they were.

    All that hangs on such a bone goes along. A bone of which an end was not found, or that has no
    way to point, stays as it is.

    Args:
        places: (N, C, T, V, M).
        found: (N, 1, T, V, M) bool.
        bones: In the order of :func:`outwards`, B of them.
        ways: Where they are to point (N, C, T, B, M), of any length; 0: as before.
        joints: Those whose bones turn.
    """
    shifts = [torch.zeros_like(one) for one in places.unbind(dim=3)]
    for place, (joint, parent) in enumerate(bones):
        bone, way = places[:, :, :, joint] - places[:, :, :, parent], ways[:, :, :, place]
        size = way.norm(dim=1, keepdim=True)
        other = way * (bone.norm(dim=1, keepdim=True) / size.where(size > 0, 1.0))
        turn = (other - bone).where((size > 0) & (joint in joints), 0.0)
        there = found[:, :, :, joint] & found[:, :, :, parent]
        shifts[joint] = torch.where(there, shifts[parent] + turn, 0.0)
    return places + torch.stack(shifts, dim=3)
