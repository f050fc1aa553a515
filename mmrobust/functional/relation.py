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


def threshold(jacobian: Tensor, alpha: float, *, quantile: bool) -> Tensor:
    """The number (N,) that |J| must exceed to be a relation.

    Args:
        jacobian: (N, G, P).
        alpha: >= 0. As a quantile, the share below 1 of a sample's G * P
            entries, smallest first, that are none; 0 leaves only entries of
            exactly 0 out.
        quantile: Whether alpha is a share, else it is the number itself.
    """
    if not quantile:
        return jacobian.new_full((len(jacobian),), alpha)
    size = jacobian.abs().flatten(1)
    rank = floor(alpha * size.shape[1])
    # torch.quantile takes no more than 2^24 values.
    return size.kthvalue(rank, dim=1).values if rank else size.new_zeros(len(size))


def indicator(jacobian: Tensor, alpha: Tensor) -> Tensor:
    """Step 2: 1 where J > alpha, -1 where J < -alpha, else 0; int8 (N, G, P).

    Args:
        jacobian: (N, G, P).
        alpha: (N,), >= 0.
    """
    level = alpha.reshape(-1, *[1] * (jacobian.dim() - 1))
    return (jacobian > level).to(torch.int8) - (jacobian < -level).to(torch.int8)


def any_sign(signs: Tensor) -> Tensor:
    """Pixels with a relation to some group; int8 (N, G, P) -> bool (N, P)."""
    return (signs != 0).any(dim=1)


def mixed_signs(signs: Tensor) -> Tensor:
    """Pixels with both a positive and a negative relation; (N, G, P) -> (N, P)."""
    return (signs > 0).any(dim=1) & (signs < 0).any(dim=1)


def agreeing_signs(signs: Tensor) -> Tensor:
    """Pixels with the same relation, not 0, to every group; (N, G, P) -> (N, P)."""
    return (signs > 0).all(dim=1) | (signs < 0).all(dim=1)


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
