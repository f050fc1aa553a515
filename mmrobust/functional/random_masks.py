"""Smooth random masks over space and time (Petsiuk, Das and Saenko 2018, arXiv:1806.07421).

Shapes: M masks of S places, such as (T, H, W) or (H, W).
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

MODES = {1: 'linear', 2: 'bilinear', 3: 'trilinear'}


def random_masks(
    count: int, shape: Sequence[int], cells: Sequence[int], share: float, random: torch.Generator
) -> Tensor:
    """Masks (M, S) from 0 to 1: coarse coins, enlarged, cut out at a random place.

    Official setting: 7 x 7 cells over a picture, each 1 with a chance of a half. Deviation: one
    more row of cells is drawn in every direction, so that no place is nearer to an edge than
    others; time is an axis like the others.

    Args:
        count: M.
        shape: S, at most three axes.
        cells: Along each axis; an axis with fewer places has one cell for each.
        share: Chance of a cell to be 1, between 0 and 1.
        random: On the CPU.
    """
    few = [min(length, number) for length, number in zip(shape, cells, strict=True)]
    sides = [-(-length // number) for length, number in zip(shape, few, strict=True)]
    coins = torch.rand((count, 1, *(number + 1 for number in few)), generator=random) < share
    size = [(number + 1) * side for number, side in zip(few, sides, strict=True)]
    masks = F.interpolate(coins.float(), size, mode=MODES[len(size)], align_corners=False)[:, 0]
    found = []
    for mask in masks:
        for axis, (length, side) in enumerate(zip(shape, sides, strict=True)):
            start = int(torch.randint(side, (1,), generator=random))
            mask = mask.narrow(axis, start, length)
        found.append(mask)
    return torch.stack(found)
