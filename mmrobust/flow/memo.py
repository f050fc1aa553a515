"""Flow of pairs that have been seen before, without computing it again.

When one frame of a clip changes, only the two flow fields that touch it do.
Pairs are recognised by their content, so that this holds for any batch, any
selection of samples and any cropping, and nobody has to say what changed.
Shapes: M pairs of frames (3, H, W).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mmrobust.functional.fingerprint import fingerprints

Pairs = Callable[[Tensor, Tensor], Tensor]
Key = tuple[int, ...]
# Pixels of the pairs that share a graph. A small graph is left behind when its
# pairs change, so that no gradient runs back through them; but pairs of a few
# thousand pixels on their own cost more than that saves.
PIXELS_PER_GRAPH = 2**16


@dataclass(frozen=True, eq=False)
class _Graph:
    """Flow (G, 2, H, W) of some pairs as a function of their frames (G, 3, H, W)."""

    first: Tensor
    second: Tensor
    flow: Tensor

    def gradients(self, rows: list[int], grads: Tensor) -> tuple[Tensor, Tensor]:
        """Gradients of both frames of ``rows`` for those of their flow; the graph stays."""
        grad = torch.zeros_like(self.flow)
        grad[rows] = grads
        ends = self.first, self.second
        found = torch.autograd.grad(self.flow, ends, grad, retain_graph=True, allow_unused=True)
        pairs = zip(found, ends, strict=True)
        first, second = (torch.zeros_like(end) if g is None else g for g, end in pairs)
        return first[rows], second[rows]


class PairMemo:
    """A function of pairs of frames that remembers what it has computed.

    Flow is kept up to ``limit``, the latest used; graphs, which are large, only
    for the pairs of the last call that needed gradients.

    Args:
        compute: Frames (M, 3, H, W) twice to flow (M, 2, H, W); pairs must not
            mix.
        limit: Bytes of flow that are kept beyond a call.

    Attributes:
        computed: Number of pairs that went through ``compute`` so far.
        reused: Number of pairs that did not have to.
    """

    def __init__(self, compute: Pairs, limit: int = 2**30) -> None:
        self.compute, self.limit = compute, limit
        self.computed = 0
        self.reused = 0
        self._flows: dict[Key, Tensor] = {}
        self._graphs: dict[Key, tuple[_Graph, int]] = {}

    def __call__(self, first: Tensor, second: Tensor) -> Tensor:
        """Flow (M, 2, H, W), differentiable where the frames are."""
        if torch.is_grad_enabled() and (first.requires_grad or second.requires_grad):
            flow: Tensor = _Recalled.apply(self, first, second)
            return flow
        keys = _keys(first, second)
        missing = {key: row for row, key in enumerate(keys) if key not in self._flows}
        self._count(len(keys), len(missing))
        if missing:
            rows = torch.tensor(list(missing.values()), device=first.device)
            with torch.no_grad():
                found = self.compute(first.detach()[rows], second.detach()[rows])
            # Copies: a part of a tensor would keep the whole of it.
            self._flows.update((k, f.clone()) for k, f in zip(missing, found, strict=True))
        flow = torch.stack([self._flows[key] for key in keys])
        self._forget(keys)
        return flow

    def graphs(self, first: Tensor, second: Tensor) -> list[tuple[_Graph, int]]:
        """The graph of each pair and its row there; those of earlier calls are dropped."""
        keys = _keys(first, second)
        # Dropped before new ones are made, so that both never fill the memory.
        kept = {key: self._graphs[key] for key in keys if key in self._graphs}
        self._graphs = kept
        missing = {key: row for row, key in enumerate(keys) if key not in kept}
        self._count(len(keys), len(missing))
        names, rows = list(missing), torch.tensor(list(missing.values()), device=first.device)
        size = max(1, PIXELS_PER_GRAPH // first[0, 0].numel())
        for start in range(0, len(names), size):
            some = rows[start : start + size]
            graph = self._graph(first[some], second[some])
            for row, key in enumerate(names[start : start + size]):
                kept[key] = graph, row
                self._flows[key] = graph.flow[row].detach().clone()
        self._forget(keys)
        return [kept[key] for key in keys]

    def _forget(self, used: list[Key]) -> None:
        """Keep the latest used flow within the limit."""
        for key in dict.fromkeys(used):
            if key in self._flows:
                self._flows[key] = self._flows.pop(key)
        size = sum(flow.numel() * flow.element_size() for flow in self._flows.values())
        for key in list(self._flows):
            if size <= self.limit:
                break
            flow = self._flows.pop(key)
            size -= flow.numel() * flow.element_size()

    def _graph(self, first: Tensor, second: Tensor) -> _Graph:
        one, other = (x.detach().clone().requires_grad_() for x in (first, second))
        # Own hooks: an activation checkpoint round the model must not take these
        # tensors for its own, as the next run through it will not make them again.
        # Detached: a graph whose hooks return what an operation gave is never freed.
        kept = torch.autograd.graph.saved_tensors_hooks(Tensor.detach, lambda x: x)
        with torch.enable_grad(), kept:
            flow = self.compute(one, other)
        return _Graph(one, other, flow)

    def _count(self, pairs: int, computed: int) -> None:
        self.computed += computed
        self.reused += pairs - computed


def _keys(first: Tensor, second: Tensor) -> list[Key]:
    words = torch.cat([fingerprints(first), fingerprints(second)], dim=1)
    return [(*first.shape[1:], *row) for row in words.tolist()]


class _Recalled(torch.autograd.Function):
    """Remembered flow as a function of the frames that it was computed from."""

    @staticmethod
    def forward(ctx: Any, memo: PairMemo, first: Tensor, second: Tensor) -> Tensor:
        ctx.memo = memo
        ctx.save_for_backward(first, second)
        places = memo.graphs(first, second)
        return torch.stack([graph.flow[row].detach() for graph, row in places])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[None, Tensor, Tensor]:
        first, second = ctx.saved_tensors
        users: dict[_Graph, dict[int, int]] = {}
        for place, (graph, row) in enumerate(ctx.memo.graphs(first, second)):
            users.setdefault(graph, {})[place] = row
        ends = torch.zeros_like(first), torch.zeros_like(second)
        for graph, rows in users.items():
            places = list(rows)
            found = _distinct(graph, list(rows.values()), grads[0][places])
            for end, gradient in zip(ends, found, strict=True):
                end[places] = gradient
        return None, *ends


def _distinct(graph: _Graph, rows: list[int], grads: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of pairs of which the same one may occur several times."""
    if len(set(rows)) == len(rows):
        return graph.gradients(rows, grads)
    single = [graph.gradients([r], g[None]) for r, g in zip(rows, grads, strict=True)]
    return torch.cat([s[0] for s in single]), torch.cat([s[1] for s in single])
