"""What a layer gives, as features on a grid of space and time.

Shapes: R rows of the network's input, C channels, T frames, H, W pixels; t, h, w the grid.
"""

from __future__ import annotations

import math

from torch import Tensor

# Backbones whose tokens run through a patch's frames first, and not through a frame's patches.
TIME_LAST = ('TimeSformer',)


def as_grid(output: Tensor, given: Tensor, time_last: bool = False) -> Tensor | None:
    """Features (R, C, t, h, w) of a layer's output; None where it has no grid.

    An output may have channels first or last, may be a row for each frame, and may be tokens,
    with a class token in front or without. A grid is known by its shape, which is that of the
    input, and has more than one place. Where tokens fit several grids, that of most frames is
    taken.

    Args:
        output: Of a layer, with R rows, or a whole multiple.
        given: The network's input, (R, 3, T, H, W) or (R, 3, H, W).
        time_last: Whether tokens run through a patch's frames first.
    """
    per, odd = divmod(len(output), len(given))
    frames = given.shape[2] if given.dim() == 5 else 1
    if odd or not per or frames % per or not output.dtype.is_floating_point:
        return None
    if output.dim() == 5 and per == 1:
        if _alike(output.shape[3:], given):
            return output
        return output.permute(0, 4, 1, 2, 3) if _alike(output.shape[2:4], given) else None
    if output.dim() == 4:
        if not _alike(output.shape[2:], given):
            if not _alike(output.shape[1:3], given):
                return None
            output = output.permute(0, 3, 1, 2)
        return output.unflatten(0, (-1, per)).transpose(1, 2)
    if output.dim() == 3:
        return _of_tokens(output, given, per, 1 if per > 1 else frames, time_last)
    return None


def _alike(size: tuple[int, ...], given: Tensor) -> bool:
    """Whether h and w are to each other as H and W, but for rounding, and are several."""
    (height, width), (rows, columns) = size, given.shape[-2:]
    smaller = height <= rows and width <= columns
    near = abs(height * columns - width * rows) < max(rows, columns)
    return smaller and near and height * width > 1


def _of_tokens(
    output: Tensor, given: Tensor, per: int, frames: int, time_last: bool
) -> Tensor | None:
    """Tokens (R * per, L, C) as features."""
    found = _token_grid(output.shape[1], given, frames)
    if found is None:
        return None
    special, moments, *size = found
    tokens = output[:, special:]
    if time_last:
        grid = tokens.unflatten(1, (*size, moments)).permute(0, 4, 3, 1, 2)
    else:
        grid = tokens.unflatten(1, (moments, *size)).permute(0, 4, 1, 2, 3)
    return grid if per == 1 else grid[:, :, 0].unflatten(0, (-1, per)).transpose(1, 2)


def _token_grid(length: int, given: Tensor, frames: int) -> tuple[int, ...] | None:
    """How many tokens are no places, and t, h, w of the others."""
    rows, columns = given.shape[-2:]
    for special in (0, 1):
        for moments in range(frames, 0, -1):
            if frames % moments or (length - special) % moments:
                continue
            places = (length - special) // moments
            height = round(math.sqrt(places * rows / columns))
            # Patches are cut from sides that they divide.
            if height and rows % height == 0 and height * columns % rows == 0:
                size = (height, height * columns // rows)
                if size[0] * size[1] == places and _alike(size, given):
                    return (special, moments, *size)
    return None
