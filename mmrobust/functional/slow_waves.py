"""Tracks made of the slowest cosines.

Shapes: N samples, C coordinates, T frames, V joints, M persons, K waves.
"""

import torch
from torch import Tensor

from mmrobust.functional.cosine_basis import cosine_matrix

# Of the largest singular value: what is smaller is none, where a joint is seen in few frames.
LEAST = 1e-10


def fitted_waves(change: Tensor, found: Tensor, waves: int) -> Tensor:
    """The sum of slow cosines next to a change, in the frames that count; 0 in the others.

    The least squares fit of the first K vectors of the discrete cosine transform: what is such a
    sum already, stays.

    Args:
        change: (N, C, T, V, M).
        found: (N, 1, T, V, M) bool, the frames of each joint that count.
        waves: K, >= 1; more than T are T.
    """
    basis = cosine_matrix(change.shape[2])[:waves].to(change)
    counted = found[:, 0].to(change)
    overlaps = torch.einsum('kt,ntvm,lt->nvmkl', basis, counted, basis)
    parts = torch.einsum('kt,nctvm->nvmkc', basis, change * found)
    weights = torch.linalg.pinv(overlaps, rtol=LEAST, hermitian=True) @ parts
    return torch.einsum('kt,nvmkc->nctvm', basis, weights) * found
