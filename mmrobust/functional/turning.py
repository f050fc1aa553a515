"""The least rotation that turns one direction onto another.

Source: the formula of Rodrigues for the axis a x b, written without an angle, whose arc cosine
would have infinite slope where the directions agree.
"""

import torch
from torch import Tensor

# Vectors and axes whose absolute values sum up to less are none.
LEAST = 1e-6


def cross_matrix(axis: Tensor) -> Tensor:
    """The matrix (3, 3) with ``matrix @ v == cross(axis, v)``."""
    x, y, z = axis.unbind()
    zero = torch.zeros_like(x)
    rows = [torch.stack(row) for row in ((zero, -z, y), (z, zero, -x), (-y, x, zero))]
    return torch.stack(rows)


def turn_onto(vector: Tensor, onto: Tensor) -> Tensor:
    """R (3, 3) with ``R @ vector`` along ``onto``: I + K + K^2 / (1 + c).

    K is the cross matrix of a x b for the unit vectors a and b, and c = a . b. The identity,
    without slope, where there is no vector, or where it points the other way, so that no rotation
    is the least.

    Args:
        vector: (3,).
        onto: (3,), of length 1.
    """
    identity = torch.eye(3, dtype=vector.dtype, device=vector.device)
    if float(vector.detach().abs().sum()) < LEAST:
        return identity
    unit = vector / vector.norm()
    axis, cosine = torch.linalg.cross(unit, onto), unit @ onto
    if float(axis.detach().abs().sum()) < LEAST and float(cosine.detach()) < 0:
        return identity
    matrix = cross_matrix(axis)
    return identity + matrix + matrix @ matrix / (1 + cosine)
