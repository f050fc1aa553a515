"""Median filter that gradients pass through, as TV-L1 flow uses it.

Shapes: M pairs, C channels, H, W pixels; s is the side of the window.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def median_filter(image: Tensor, side: int) -> Tensor:
    """Median of the ``side`` x ``side`` window round each pixel; (M, C, H, W).

    The border pixel goes on outside. Values are those of OpenCV's
    ``medianBlur``, exactly. The gradient goes to the pixel that was selected;
    of several with the same value, to the one nearest to the centre.

    Args:
        image: (M, C, H, W), finite.
        side: Odd; 1 returns ``image``.
    """
    if side == 1:
        return image
    with torch.no_grad():
        value = _median(image, side)
    if not (torch.is_grad_enabled() and image.requires_grad):
        return value
    with torch.no_grad():
        source = _selected(image, value, side)
    return _extended(image, side).flatten(2).gather(2, source.flatten(2)).reshape(image.shape)


def _extended(image: Tensor, side: int) -> Tensor:
    return F.pad(image, (side // 2,) * 4, mode='replicate')


def _selected(image: Tensor, value: Tensor, side: int) -> Tensor:
    """Where the extended image holds ``value``, as flat indices (M, C, H, W)."""
    extended, half = _extended(image, side), side // 2
    height, width = image.shape[2:]
    row = torch.arange(height, device=image.device)[:, None] * extended.shape[3]
    corner = row + torch.arange(width, device=image.device)
    places = [(i, j) for i in range(side) for j in range(side)]
    # From the corners inwards: what is nearest to the centre is written last.
    places.sort(key=lambda place: -((place[0] - half) ** 2) - (place[1] - half) ** 2)
    found = torch.zeros_like(image, dtype=torch.long)
    for i, j in places:
        same = extended[:, :, i : i + height, j : j + width] == value
        found = torch.where(same, corner + (i * extended.shape[3] + j), found)
    return found


def _median(image: Tensor, side: int) -> Tensor:
    """The median by whole-image exchanges, many times faster than sorting pixel by pixel.

    Columns of the window are sorted once for all windows that share them, then
    rows of equal rank. The value of rank r in the column and of rank c in the
    row, counted from 0, is at least as large as (r + 1)(c + 1) values of the
    window: beyond half of them it is no median, nor is its mirror image, so
    that the median of the others is that of all.
    """
    extended = _extended(image, side)
    height, width = image.shape[2:]
    half = (side * side + 1) // 2
    columns = _sorted([extended[:, :, i : i + height] for i in range(side)])
    left = []
    for r, column in enumerate(columns):
        row = _sorted([column[..., j : j + width] for j in range(side)])
        for c, value in enumerate(row):
            if (r + 1) * (c + 1) <= half and (side - r) * (side - c) <= half:
                left.append(value)
    return _middle(left)


def _exchange(values: list[Tensor], i: int, j: int) -> None:
    """The lesser to place i, the greater to place j, pixel by pixel."""
    one, other = values[i], values[j]
    values[i], values[j] = torch.minimum(one, other), torch.maximum(one, other)


def _sorted(values: list[Tensor]) -> list[Tensor]:
    values = list(values)
    for end in range(1, len(values)):
        for i in range(end, 0, -1):
            _exchange(values, i - 1, i)
    return values


def _middle(values: list[Tensor]) -> Tensor:
    """The median of an odd number of tensors, pixel by pixel.

    Of more than half of the values, neither the least nor the greatest is the
    median: both are dropped and the next value comes in.
    """
    count = len(values) // 2 + 2
    pool, waiting = values[:count], values[count:]
    while len(pool) > 1:
        pool = _without_extremes(pool) + waiting[:1]
        waiting = waiting[1:]
    return pool[0]


def _without_extremes(pool: list[Tensor]) -> list[Tensor]:
    pool, count = list(pool), len(pool)
    for i in range(count // 2):
        _exchange(pool, i, count - 1 - i)
    for i in range(1, (count + 1) // 2):
        _exchange(pool, 0, i)
    for i in range(count // 2, count - 1):
        _exchange(pool, i, count - 1)
    return pool[1:-1]
