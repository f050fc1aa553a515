"""How much a track has changed.

Shapes: M persons, T frames, V joints, C coordinates.
"""

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.tracks.track import Floats, Track


def ways(clean: Track, changed: Track) -> tuple[Floats, NDArray[np.bool_]]:
    """How far each joint went (M, T, V), in the file's unit, and which were found before and after.

    Args:
        clean: A track.
        changed: What became of it, of as many frames.
    """
    apart = changed.keypoint.astype(np.float64) - clean.keypoint.astype(np.float64)
    found: Floats = np.linalg.norm(apart, axis=-1)
    return found, clean.found & changed.found


def mean_ways(clean: Track, changed: Track) -> Floats:
    """Of each person (M,) the mean way of its joints, in the file's unit; 0 for nobody."""
    apart, both = ways(clean, changed)
    total = np.where(both, apart, 0).sum((1, 2))
    mean: Floats = total / np.maximum(both.sum((1, 2)), 1)
    return mean


def moved(clean: Track, changed: Track) -> float | None:
    """The mean way of the joints that are found before and after, in sizes of their persons.

    Returns:
        None where the numbers of frames differ, or no joint of a person of any size is left.
    """
    if clean.keypoint.shape != changed.keypoint.shape:
        return None
    apart, both = ways(clean, changed)
    sizes = clean.size()
    both = both & (sizes > 0)[:, None, None]
    shares = apart / np.where(sizes > 0, sizes, 1)[:, None, None]
    return float(shares[both].mean()) if both.any() else None


def lost(clean: Track, changed: Track) -> float:
    """The share of all joints that were found and are no more; whole frames count, too."""
    before = int(clean.found.sum())
    return 1 - int(changed.found.sum()) / before if before else 0.0
