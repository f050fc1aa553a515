"""Stretches of values: the whole, its halves, its quarters, down to single ones."""

from __future__ import annotations

import math
from collections.abc import Iterator


def halvings(total: int) -> Iterator[slice]:
    """``total`` values whole, in halves, in quarters, ..., one by one."""
    for level in range(math.ceil(math.log2(max(total, 1))) + 1):
        for start, stop in stretches(total, 2**level):
            yield slice(start, stop)


def stretches(total: int, parts: int) -> list[tuple[int, int]]:
    """``total`` values in at most ``parts`` stretches of one length."""
    length = max(math.ceil(total / parts), 1)
    return [(start, min(start + length, total)) for start in range(0, total, length)]
