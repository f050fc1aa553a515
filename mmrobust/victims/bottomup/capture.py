"""Catch what a head computes on the stock test path, and give it back to be decoded.

MMPose's bottom-up heads decode inside ``predict``: thresholds, grouping and
suppression follow ``head.forward`` directly. What ``forward`` returns, once for
the picture and once more for its mirror image where the flip test is on, is the
last tensor that a gradient passes. A head that picks persons before it has computed
all of their heatmaps is watched at its input instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any


class _Reached(Exception):  # noqa: N818  (no error: a way out)
    """The head has run, and nobody wants what follows."""


@contextmanager
def _instead(head: Any, name: str, function: Callable[..., Any]) -> Iterator[None]:
    """Inside, a method of ``head`` is another function, which may raise ``_Reached``."""
    setattr(head, name, function)
    try:
        yield
    except _Reached:
        pass
    finally:
        delattr(head, name)


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

    with _instead(head, 'forward', record):
        yield found


@contextmanager
def head_inputs(head: Any, keep: Callable[[Any], Any], *, stop: bool) -> Iterator[list[Any]]:
    """Record the features that ``head.predict`` is given inside the block.

    Args:
        head: A bottom-up head.
        keep: Applied to them at once.
        stop: End the block there: nothing is computed from them.
    """
    found: list[Any] = []
    predict = head.predict

    def record(features: Any, samples: Any, **options: Any) -> Any:
        found.append(keep(features))
        if stop:
            raise _Reached
        return predict(features, samples, **options)

    with _instead(head, 'predict', record):
        yield found


@contextmanager
def replayed(head: Any, values: Sequence[Any]) -> Iterator[None]:
    """Inside, ``head.forward`` returns ``values``, one after the other."""
    left = iter(values)
    with _instead(head, 'forward', lambda features: next(left)):
        yield
