"""Tell whether a graph of autograd is gone."""

import gc
import weakref
from typing import Any

import torch
from torch import Tensor


class _Marker:
    pass


class _Marked(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, marker: _Marker) -> Tensor:
        # Lives as long as this node of the graph.
        ctx.marker = marker
        return x.clone()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        return grads[0], None


class Graphs:
    """Counts the graphs that still exist among those that ran through ``watched``."""

    def __init__(self) -> None:
        self._markers: list[weakref.ref[_Marker]] = []

    def watched(self, x: Tensor) -> Tensor:
        """The same values, by an operation whose successor keeps its own output."""
        marker = _Marker()
        self._markers.append(weakref.ref(marker))
        found: Tensor = _Marked.apply(x, marker)
        # The gradient of exp is its output.
        return (found / 1000).exp().log() * 1000

    def alive(self) -> int:
        """How many there are."""
        gc.collect()
        return sum(marker() is not None for marker in self._markers)
