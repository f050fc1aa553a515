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


@dataclass(frozen=True)
class _Graph:
    """One pair's flow (2, H, W) as a function of its frames (3, H, W)."""

    first: Tensor
    second: Tensor
    flow: Tensor

    def gradients(self, grad: Tensor) -> tuple[Tensor, Tensor]:
        """Gradients of both frames for that of the flow; the graph stays."""
        ends = self.first, self.second
        found = torch.autograd.grad(self.flow, ends, grad, retain_graph=True, allow_unused=True)
        pairs = zip(found, ends, strict=True)
        first, second = (torch.zeros_like(end) if g is None else g for g, end in pairs)
        return first, second


class PairMemo:
    """A function of pairs of frames that remembers what it has computed.

    All flow is kept; graphs, which are large, only for the pairs of the last
    call that needed gradients.

    Args:
        compute: Frames (M, 3, H, W) twice to flow (M, 2, H, W); pairs must not
            mix.

    Attributes:
        computed: Number of pairs that went through ``compute`` so far.
        reused: Number of pairs that did not have to.
    """

    def __init__(self, compute: Pairs) -> None:
        self.compute = compute
        self.computed = 0
        self.reused = 0
        self._flows: dict[Key, Tensor] = {}
        self._graphs: dict[Key, _Graph] = {}

    def __call__(self, first: Tensor, second: Tensor) -> Tensor:
        """Flow (M, 2, H, W), differentiable where the frames are."""
        if torch.is_grad_enabled() and (first.requires_grad or second.requires_grad):
            flow: Tensor = _Recalled.apply(self, first, second)  # type: ignore[no-untyped-call]
            return flow
        keys = _keys(first, second)
        missing = {key: row for row, key in enumerate(keys) if key not in self._flows}
        self._count(len(keys), len(missing))
        if missing:
            rows = torch.tensor(list(missing.values()), device=first.device)
            with torch.no_grad():
                found = self.compute(first.detach()[rows], second.detach()[rows])
            self._flows.update(zip(missing, found, strict=True))
        return torch.stack([self._flows[key] for key in keys])

    def graphs(self, first: Tensor, second: Tensor) -> list[_Graph]:
        """One graph per pair; those of earlier calls are dropped.

        A graph per pair, not per batch: a gradient then runs back through no
        pair that has changed meanwhile.
        """
        keys = _keys(first, second)
        kept = {key: self._graphs[key] for key in keys if key in self._graphs}
        # Dropped before new ones are made, so that both never fill the memory.
        self._graphs = kept
        missing = {key: row for row, key in enumerate(keys) if key not in kept}
        self._count(len(keys), len(missing))
        for key, row in missing.items():
            kept[key] = self._graph(first[row], second[row])
            self._flows[key] = kept[key].flow.detach()
        return [kept[key] for key in keys]

    def _graph(self, first: Tensor, second: Tensor) -> _Graph:
        one, other = (x.detach().clone().requires_grad_() for x in (first, second))
        # Own hooks: an activation checkpoint round the model must not take these
        # tensors for its own, as the next run through it will not make them again.
        kept = torch.autograd.graph.saved_tensors_hooks(lambda x: x, lambda x: x)
        with torch.enable_grad(), kept:
            flow = self.compute(one[None], other[None])[0]
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
        return torch.stack([graph.flow.detach() for graph in memo.graphs(first, second)])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[None, Tensor, Tensor]:
        pairs = zip(ctx.memo.graphs(*ctx.saved_tensors), grads[0], strict=True)
        ends = [graph.gradients(grad) for graph, grad in pairs]
        return None, torch.stack([e[0] for e in ends]), torch.stack([e[1] for e in ends])
