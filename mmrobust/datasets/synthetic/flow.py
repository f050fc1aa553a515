"""Optical flow from the motion of the parts, with nothing estimated.

Shapes: T frames, L layers (0 is the background), H, W pixels.
"""

import numpy as np
from numpy.typing import NDArray

from mmrobust.datasets.synthetic.noise import Array
from mmrobust.datasets.synthetic.skeleton import Floats


def invert(affine: Floats) -> Floats:
    """Inverse of affine maps (..., 2, 3)."""
    a, b, c, d = affine[..., 0, 0], affine[..., 0, 1], affine[..., 1, 0], affine[..., 1, 1]
    determinant = a * d - b * c
    rows = np.stack([np.stack([d, -b], -1), np.stack([-c, a], -1)], -2)
    linear: Floats = rows / determinant[..., None, None]
    offset: Floats = -apply(linear, affine[..., 2])
    inverse: Floats = np.concatenate([linear, offset[..., None]], -1)
    return inverse


def apply(linear: Floats, vector: Floats) -> Floats:
    """Matrix (..., 2, 2) times vector (..., 2), without BLAS: the same bits everywhere."""
    first: Floats = linear[..., 0] * vector[..., :1]
    second: Floats = linear[..., 1] * vector[..., 1:]
    return np.add(first, second)


def motion_between(affine: Floats) -> Floats:
    """Maps (T-1, ..., 2, 3) that carry a layer's pixels in frame t to frame t+1.

    Args:
        affine: Texture-to-image maps (T, ..., 2, 3) of the layers.
    """
    back, ahead = invert(affine[:-1]), affine[1:]
    columns = [apply(ahead[..., :2], back[..., i]) for i in range(3)]
    columns[2] = columns[2] + ahead[..., 2]
    return np.stack(columns, -1)


def optical_flow(affine: Floats, owner: NDArray[np.uint8]) -> Array:
    """Displacement of what is seen at each pixel, from frame t to t+1.

    Args:
        affine: Texture-to-image maps (T, L, 2, 3).
        owner: Index of the layer seen at each pixel (T, H, W).

    Returns:
        float32 (T-1, 2, H, W), pixels; channel 0 is x (to the right), 1 is y (down).
    """
    step = motion_between(affine)
    step[..., 0, 0] -= 1
    step[..., 1, 1] -= 1
    frames, height, width = owner.shape
    x = np.arange(width, dtype=np.float32)
    y = np.arange(height, dtype=np.float32)[:, None]
    flow = np.empty((frames - 1, 2, height, width), np.float32)
    for t in range(frames - 1):
        coefficients = step[t].astype(np.float32)[owner[t]]
        flow[t] = np.moveaxis(
            coefficients[..., 0] * x[..., None]
            + coefficients[..., 1] * y[..., None]
            + coefficients[..., 2],
            -1,
            0,
        )
    return flow
