"""Blocks of neighbouring pixels, in space and time.

Shapes: S is what is cut, such as (T, H, W) or (H, W).
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def patch_numbers(shape: Sequence[int], counts: Sequence[int]) -> Tensor:
    """Which block every place lies in: (S), whole numbers from 0 on.

    Args:
        shape: S.
        counts: Blocks along each axis; an axis with fewer places has one block for each.
    """
    found = torch.zeros(tuple(shape), dtype=torch.long)
    for axis, (length, count) in enumerate(zip(shape, counts, strict=True)):
        blocks = min(length, count)
        along = torch.arange(length) * blocks // length
        rest = (1,) * (len(shape) - axis - 1)
        found = found * blocks + along.reshape(-1, *rest)
    return found


def patch_means(values: Tensor, numbers: Tensor) -> Tensor:
    """The mean over each block (P,) of values (S) whose blocks are ``numbers`` (S)."""
    flat, blocks = values.flatten().double(), numbers.flatten().to(values.device)
    sums = flat.new_zeros(int(blocks.max()) + 1).index_add_(0, blocks, flat)
    return sums / blocks.bincount()
