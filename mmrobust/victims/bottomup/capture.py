"""Catch what a head computes on the stock test path, and give it back to be decoded.

MMPose's bottom-up heads decode inside ``predict``: thresholds, grouping and
suppression follow ``head.forward`` directly. What ``forward`` returns, once for
the picture and once more for its mirror image where the flip test is on, is the
last tensor that a gradient passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any


class _Reached(Exception):  # noqa: N818  (no error: a way out)
    """The head has run, and nobody wants what follows."""


@contextmanager
def head_outputs(
    head: Any, passes: int, keep: Callable[[Any], Any], *, stop: bool
) -> Iterator[list[Any]]:
    """Record what ``head.forward`` returns inside the block.

    Args:
        head: A bottom-up head.
        passes: How often one prediction calls ``forward``.
        keep: Applied to each value at once: ``predict`` may write to it.
        stop: End the block after the last pass: nothing is decoded.
    """
    found: list[Any] = []
    forward = head.forward

    def record(features: Any) -> Any:
        value = forward(features)
        found.append(keep(value))
        if stop and len(found) == passes:
            raise _Reached
        return value

    head.forward = record
    try:
        yield found
    except _Reached:
        pass
    finally:
        del head.forward


@contextmanager
def replayed(head: Any, values: Sequence[Any]) -> Iterator[None]:
    """Inside, ``head.forward`` returns ``values``, one after the other."""
    left = iter(values)
    head.forward = lambda features: next(left)
    try:
        yield
    finally:
        del head.forward
