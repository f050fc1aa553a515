"""Flow as 8-bit grey values, the way two-stream recognisers are trained on it."""

from typing import Literal, get_args

import torch
from torch import Tensor

from mmrobust.functional.checks import finite, require

Rounding = Literal['round', 'truncate']


def encode(flow: Tensor, bound: float = 20.0, rounding: Rounding = 'round') -> Tensor:
    """Whole grey values 0..255 of flow in pixels; -bound is 0 and bound is 255.

    ``round`` is denseflow's ``cvRound(255 * (v + bound) / (2 * bound))`` in
    double precision, halves to the even neighbour: zero flow is 128.
    ``truncate`` is MMAction2's ``tools/misc/flow_extraction.py``, in the
    flow's own precision: zero flow is 127. Both saturate beyond the bound.

    The gradient is that of the line 255 * (v + bound) / (2 * bound), straight
    through the rounding (Bengio, Leonard and Courville 2013, arXiv:1308.3432);
    beyond the bound it is zero, at the bound it is the line's.

    Args:
        flow: Any shape, floating point, pixels.
        bound: Largest displacement that is told apart, > 0, pixels.
        rounding: ``round`` or ``truncate``.

    Returns:
        Values of the flow's shape and dtype.
    """
    _require_bound(bound)
    require(rounding in get_args(Rounding), 'rounding', f'one of {get_args(Rounding)}', rounding)
    clamped = flow.clamp(-bound, bound)
    line = (clamped + bound) * (255 / (2 * bound))
    if rounding == 'truncate':
        grey = line.detach().floor()
    else:
        grey = (255 * (clamped.detach().double() + bound) / (2 * bound)).round().to(flow.dtype)
    # In this order the values stay whole: what is added is exactly zero.
    return grey + (line - line.detach()) if torch.is_grad_enabled() else grey


def decode(grey: Tensor, bound: float = 20.0) -> Tensor:
    """Flow in pixels of grey values 0..255: ``grey * 2 * bound / 255 - bound``.

    The inverse of :func:`encode` up to rounding: within bound / 255 of flow
    that was rounded, up to 2 * bound / 255 below flow that was truncated.

    Args:
        grey: Values of any shape, floating point.
        bound: That of the encoding, > 0, pixels.
    """
    _require_bound(bound)
    return grey * (2 * bound / 255) - bound


def _require_bound(bound: float) -> None:
    require(finite(bound) and bound > 0, 'bound', 'a number > 0', bound)
