"""Length of the vector of channels at each pixel.

Shapes: M maps, C channels, H, W pixels.
"""

from typing import Any

import torch
from torch import Tensor

EPSILON = 1e-9


def channel_norm(x: Tensor) -> Tensor:
    """Euclidean norm over the channels, with a gradient that is finite at zero.

    The semantics of ChannelNorm in NVIDIA's flownet2-pytorch: the gradient is
    ``x / (norm + 1e-9)``, hence 0 where the norm is; ``torch.norm`` alone
    through a square root gives NaN there. Two equal frames meet this case at
    every pixel.

    Args:
        x: (M, C, H, W).

    Returns:
        (M, 1, H, W).
    """
    norm: Tensor = _ChannelNorm.apply(x)
    return norm


class _ChannelNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        norm = x.square().sum(dim=1, keepdim=True).sqrt()
        ctx.save_for_backward(x, norm)
        return norm

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        x, norm = ctx.saved_tensors
        return grads[0] * x / (norm + EPSILON)
