"""Which pixels a network's outputs depend on, and with which sign.

Shapes: N samples, G groups of outputs, P stands for the axes of one sample's
pixels, such as (C, H, W). After the extended relation step of the K-limiting
attack: J = d F / d x, an indicator I of the sign of J where it is larger than a
threshold alpha, and a mask C of the pixels whose row of I satisfies a reading.
"""

from collections.abc import Callable, Iterator
from math import floor

import torch
from torch import Tensor


def relation_map(groups: Tensor, pixels: Tensor) -> Iterator[Tensor]:
    """Jacobian of every group in the pixels, one (N, P) at a time.

    One vector-Jacobian product per group, for all samples at once: samples do
    not mix, so that the sum over them keeps their gradients apart. The graph
    is kept. Products batched by ``is_grads_batched`` are no faster on a CPU
    and fail on every operator without a batching rule.

    Args:
        groups: (N, G), computed from ``pixels``.
        pixels: (N, P), the leaf.
    """
    for group in groups.unbind(dim=1):
        (gradient,) = torch.autograd.grad(group.sum(), pixels, retain_graph=True)
        yield gradient


def jacobian(groups: Tensor, pixels: Tensor) -> Tensor:
    """All of :func:`relation_map` at once, (N, G, P)."""
    found = pixels.new_empty(len(pixels), groups.shape[1], *pixels.shape[1:])
    # Filled row by row: a stack would hold all of it twice.
    for group, gradient in enumerate(relation_map(groups, pixels)):
        found[:, group] = gradient
    return found


def threshold(derivatives: Tensor, alpha: float, *, quantile: bool) -> Tensor:
    """The number (N,) that |J| must exceed to be a relation.

    Args:
        derivatives: J, (N, G, P).
        alpha: >= 0. As a quantile, the share below 1 of a sample's entries,
            smallest first, that are none; 0 leaves only entries of exactly 0 out.
            Rows of zeros alone do not count: they are groups that stand for
            nothing, such as joints without a label, and with them the share of the
            others would depend on how many joints are labelled.
        quantile: Whether alpha is a share, else it is the number itself.
    """
    levels = derivatives.new_full((len(derivatives),), 0.0 if quantile else alpha)
    for sample, rows in enumerate(derivatives.flatten(2) if quantile else ()):
        size = rows[(rows != 0).any(dim=1)].abs().flatten()
        rank = floor(alpha * len(size))
        if rank:
            # torch.quantile takes no more than 2^24 values.
            levels[sample] = size.kthvalue(rank).values
    return levels


def indicator(derivatives: Tensor, alpha: Tensor) -> Tensor:
    """Step 2: 1 where J > alpha, -1 where J < -alpha, else 0; int8 (N, G, P).

    Args:
        derivatives: J, (N, G, P).
        alpha: (N,), >= 0.
    """
    level = alpha.reshape(-1, *[1] * (derivatives.dim() - 1))
    return (derivatives > level).to(torch.int8) - (derivatives < -level).to(torch.int8)


def any_sign(signs: Tensor) -> Tensor:
    """Pixels with a relation to some group; int8 (N, G, P) -> bool (N, P)."""
    return (signs != 0).any(dim=1)


def mixed_signs(signs: Tensor) -> Tensor:
    """Pixels with both a positive and a negative relation; (N, G, P) -> (N, P)."""
    return (signs > 0).any(dim=1) & (signs < 0).any(dim=1)


def agreeing_signs(signs: Tensor) -> Tensor:
    """Pixels with the same relation to every group that has any; (N, G, P) -> (N, P)."""
    silent = (signs == 0).flatten(2).all(dim=2)
    silent = silent.reshape(*silent.shape, *[1] * (signs.dim() - 2))
    rising, falling = ((signs == way) | silent for way in (1, -1))
    return any_sign(signs) & (rising.all(dim=1) | falling.all(dim=1))


READINGS: dict[str, Callable[[Tensor], Tensor]] = {
    'any': any_sign,
    'mixed': mixed_signs,
    'agree': agreeing_signs,
}


def largest(scores: Tensor, counts: Tensor) -> Tensor:
    """Mask (N, P) of the ``counts`` (N,) largest scores of each sample.

    Exactly that many; of equal scores those that come first.
    """
    flat = scores.flatten(1)
    order = flat.argsort(dim=1, descending=True, stable=True)
    taken = torch.arange(flat.shape[1], device=flat.device) < counts[:, None]
    return torch.zeros_like(flat, dtype=torch.bool).scatter(1, order, taken).reshape(scores.shape)
