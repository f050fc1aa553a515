"""Stretches of values: the whole, its halves, its quarters, down to single ones."""

from __future__ import annotations

import math
from collections.abc import Iterator

from torch import Tensor


def halvings(total: int) -> Iterator[slice]:
    """``total`` values whole, in halves, in quarters, ..., one by one."""
    for level in range(math.ceil(math.log2(max(total, 1))) + 1):
        for start, stop in stretches(total, 2**level):
            yield slice(start, stop)


def stretches(total: int, parts: int) -> list[tuple[int, int]]:
    """``total`` values in at most ``parts`` stretches of one length."""
    length = max(math.ceil(total / parts), 1)
    return [(start, min(start + length, total)) for start in range(0, total, length)]


def flipped(signs: Tensor, places: Tensor) -> Tensor:
    """A copy of ``signs`` (of any shape and layout) with other signs at some flat indices."""
    flat = signs.flatten().clone()
    flat[places] *= -1
    return flat.view(signs.shape)
