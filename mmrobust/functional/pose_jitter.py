"""How smoothly poses move from frame to frame.

Shapes: T frames, K joints, n = T - d windows of d + 1 frames. Units: shares of the longer side
of the person's box, per frame, per frame squared or cubed.

The differences of joints in time are those by which 3-D poses in video are judged (Kanazawa et al.
2019, arXiv:1812.01601, acceleration error). Deviation: in the picture, in the unit of the box.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# Shares of the box's side per frame: a joint that is slower is at rest.
REST = 0.002


def differences(
    points: Array, frames: NDArray[np.int64], seen: NDArray[np.bool_], order: int
) -> Array:
    """Differences in time, (n, K, 2).

    Args:
        points: (T, K, 2).
        frames: (T,), their numbers, ascending.
        seen: (T, K), which joints are known.
        order: How often it is differenced, d >= 1.

    Returns:
        NaN where a frame of the window is missing, or the joint is unknown in one of them.
    """
    count = max(len(points) - order, 0)
    found = np.diff(points, n=order, axis=0) if count else np.empty((0, *points.shape[1:]))
    windows = range(count)
    known = np.array([seen[t : t + order + 1].all(0) for t in windows], bool)
    known = known.reshape(count, points.shape[1])
    whole = np.array([frames[t + order] - frames[t] == order for t in windows], bool)
    return np.where((known & whole[:, None])[..., None], found, np.nan)


def movement(
    predicted: Array,
    reference: Array,
    frames: NDArray[np.int64],
    seen: NDArray[np.bool_],
    sides: Array,
) -> dict[str, Array]:
    """What is measured of one person in one video, a value for each window and joint.

    Args:
        predicted: (T, K, 2), pixels of the picture.
        reference: (T, K, 2), the truth, or the clean prediction where there is none.
        frames: (T,), their numbers, ascending.
        seen: (T, K), which joints the reference has.
        sides: (T,), longer sides of the boxes, pixels.

    Returns:
        Values that are known: ``jitter``, the third difference of the prediction;
        ``reference_jitter``, that of the reference; ``acceleration_error``, how far the second
        differences of the two are apart; ``flicker``, the first difference of the prediction where
        the reference is at rest.
    """

    def size(points: Array, order: int) -> Array:
        found = np.linalg.norm(differences(points, frames, seen, order), axis=-1)
        mean = [sides[t : t + order + 1].mean() for t in range(len(found))]
        return found / np.asarray(mean, np.float64).reshape(-1, 1)

    rest = size(reference, 1) < REST
    found = {
        'jitter': size(predicted, 3),
        'reference_jitter': size(reference, 3),
        'acceleration_error': size(predicted - reference, 2),
        'flicker': np.where(rest, size(predicted, 1), np.nan),
    }
    return {name: values[np.isfinite(values)] for name, values in found.items()}
