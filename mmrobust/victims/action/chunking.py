"""Exact gradients of many views in little memory.

Views meet only in the average of their logits, so each chunk of views can be
run again when its gradient is needed instead of being kept: one extra forward
buys a memory that does not grow with the number of views.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

# Pixels and numbers of views -> logits (N, R, K).
Part = Callable[[Tensor, Sequence[int]], Tensor]


class KeptBytes:
    """Memory that forwards keep, weights left out; each storage counts once."""

    def __init__(self) -> None:
        self.storages: dict[int, int] = {}
        # Outputs are held, as otherwise a later one could take an earlier one's place.
        self.held: list[object] = []

    @property
    def total(self) -> int:
        """Bytes."""
        return sum(self.storages.values())

    def count(self, tensor: object) -> None:
        """A tensor that is kept."""
        if isinstance(tensor, Tensor) and not isinstance(tensor, torch.nn.Parameter):
            storage = tensor.untyped_storage()
            self.storages[storage.data_ptr()] = storage.nbytes()

    def pack(self, tensor: Tensor) -> Tensor:
        """Count what autograd saves."""
        self.count(tensor)
        # Not the tensor itself: a graph that holds what its own operations gave is never freed.
        return tensor.detach()

    def see(self, module: torch.nn.Module, inputs: object, output: object) -> None:
        """Count a module's output."""
        self.held.append(output)
        self.count(output)


@contextmanager
def kept_bytes(gradient: bool) -> Iterator[KeptBytes]:
    """Inside, count what autograd keeps; without a gradient, all modules' outputs."""
    kept = KeptBytes()
    if gradient:
        hooks = torch.autograd.graph.saved_tensors_hooks(kept.pack, lambda t: t)
        with torch.enable_grad(), hooks:
            yield kept
        return
    handle = torch.nn.modules.module.register_module_forward_hook(kept.see)
    try:
        with torch.no_grad():
            yield kept
    finally:
        handle.remove()
        kept.held.clear()


def rows_are_averaged(part: Part, pixels: Tensor, unit: int) -> bool:
    """Whether views can be run apart, and how their rows of logits combine.

    Compares two units of views run together and apart. Heads give rows per
    view, to be joined; or, where they average the features of all views before
    a linear layer (TSN), one row in all, of which the mean is to be taken.

    They are run together twice: a model that draws at random (TRN its frames) would draw
    anew for each chunk, and again when a chunk is recomputed for its gradient.

    Returns:
        True where rows are averaged, False where they are joined.

    Raises:
        ValueError: Neither gives the logits of the views run together, or those are
            others when asked again.
    """
    with torch.no_grad():
        together, again = (part(pixels, range(2 * unit)) for _ in range(2))
        if not torch.allclose(again, together, rtol=1e-4, atol=1e-4, equal_nan=True):
            raise ValueError(
                'memory_limit does not hold all views, and the model answers at random (the same '
                'pixels otherwise when asked again): views run apart would be of other draws; '
                'raise memory_limit'
            )
        apart = torch.stack([part(pixels, range(unit)), part(pixels, range(unit, 2 * unit))])
    mean = together.shape[1] == apart.shape[2] == 1
    combined = apart.mean(0) if mean else torch.cat(list(apart), dim=1)
    same = combined.shape == together.shape
    if not same or not torch.allclose(combined, together, rtol=1e-4, atol=1e-4):
        raise ValueError(
            'memory_limit does not hold all views, and the logits of this head are not those of '
            f'views run apart (rows {tuple(together.shape)} against {tuple(combined.shape)}); '
            'raise memory_limit'
        )
    return mean


def chunked(part: Part, pixels: Tensor, views: Sequence[int], chunk: int, mean: bool) -> Tensor:
    """Logits (N, R, K), ``chunk`` views at a time, recomputed for the gradient."""
    parts, shares = [], []
    for start in range(0, len(views), chunk):
        some = views[start : start + chunk]
        if torch.is_grad_enabled() and pixels.requires_grad:
            parts.append(checkpoint(part, pixels, some, use_reentrant=False))
        else:
            parts.append(part(pixels, some))
        shares.append(len(some) / len(views))
    if not mean:
        return torch.cat(parts, dim=1)
    weighted = [piece * share for piece, share in zip(parts, shares, strict=True)]
    return torch.stack(weighted).sum(0)
