"""What a change of a track costs the eye: bones, accelerations and distances, as sums.

Shapes: N samples, C coordinates, T frames, V joints, M persons.
"""

from collections.abc import Sequence

from torch import Tensor

from mmrobust.functional.bones import bone_vectors

# Keeps the slope of a bone's length finite where it has none.
LEAST = 1e-16


def bone_cost(places: Tensor, clean: Tensor, bones: Sequence[tuple[int, int]]) -> Tensor:
    """Sum of the squared changes of all lengths (N,), of tracks (N, C, T, V, M).

    A bone of which an end was not found (0 in all coordinates) has none.
    """
    before, after = (
        (bone_vectors(track, bones).square().sum(dim=1) + LEAST).sqrt() for track in (clean, places)
    )
    ends, starts = (list(joints) for joints in zip(*bones, strict=True))
    found = (clean != 0).any(dim=1)
    there = found[:, :, ends] & found[:, :, starts]
    return ((after - before) * there).square().flatten(1).sum(dim=1)


def acceleration_cost(places: Tensor, clean: Tensor, rate: float) -> Tensor:
    """Sum of the squared changes of all accelerations (N,), in lengths per second squared.

    Args:
        places: (N, C, T, V, M).
        clean: Likewise.
        rate: Frames per second.
    """
    second = (places - clean).diff(n=2, dim=2) * rate**2
    return second.square().flatten(1).sum(dim=1)


def distance_cost(places: Tensor, clean: Tensor) -> Tensor:
    """Sum of the squared ways of all joints (N,)."""
    return (places - clean).square().flatten(1).sum(dim=1)
