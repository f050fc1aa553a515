"""TV-L1 optical flow in PyTorch, unrolled, so that gradients pass through it.

C. Zach, T. Pock and H. Bischof, "A Duality Based Approach for Realtime TV-L1
Optical Flow", DAGM 2007; J. Sanchez Perez, E. Meinhardt-Llopis and G. Facciolo,
"TV-L1 Optical Flow Estimation", IPOL 2013; median filter: A. Wedel et al., "An
Improved Algorithm for TV-L1 Optical Flow", 2009.

Shapes: M pairs, H, W pixels. Images are grey, 0..255; flow is in pixels,
(horizontal, vertical).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from mmrobust.functional.checks import finite, require, whole
from mmrobust.functional.tvl1_iteration import DataTerm, Weights
from mmrobust.functional.tvl1_relaxation import Schedule, relax

# Levels of the pyramid below this many pixels are left out.
_SMALLEST = 16
# A squared gradient below it (the spacing of float32 at 1) counts as this much.
_FLAT = 2.0**-23


@dataclass(frozen=True, kw_only=True)
class TVL1Settings:
    """Constants of the method; the defaults are OpenCV's.

    Attributes:
        tau: Step of the dual iterations, > 0.
        lambda_: Weight of the data term, > 0; smaller is smoother.
        theta: How closely the auxiliary field follows the flow, > 0.
        scales: Levels of the pyramid, >= 1; those below 16 pixels are left out.
        warps: Warps per scale, >= 1.
        epsilon: A pair goes on to its next warp once an iteration changes its
            flow by no more than this (root mean square, pixels), >= 0.
        inner_iterations: Iterations between two median filters, >= 1.
        outer_iterations: Median filters per warp, >= 1.
        scale_step: Size of a level relative to the finer one, in (0, 1).
        median_filtering: Side of the median filter: 1 (none), 3 or 5.
    """

    tau: float = 0.25
    lambda_: float = 0.15
    theta: float = 0.3
    scales: int = 5
    warps: int = 5
    epsilon: float = 0.01
    inner_iterations: int = 30
    outer_iterations: int = 10
    scale_step: float = 0.8
    median_filtering: int = 5

    def __post_init__(self) -> None:
        """Check every constant."""
        for name in ('tau', 'lambda_', 'theta'):
            value = getattr(self, name)
            require(finite(value) and value > 0, name, '> 0', value)
        for name in ('scales', 'warps', 'inner_iterations', 'outer_iterations'):
            value = getattr(self, name)
            require(whole(value, 1), name, 'a whole number >= 1', value)
        step, side = self.scale_step, self.median_filtering
        require(finite(self.epsilon) and self.epsilon >= 0, 'epsilon', '>= 0', self.epsilon)
        require(finite(step) and 0 < step < 1, 'scale_step', 'in (0, 1)', step)
        require(side in (1, 3, 5), 'median_filtering', '1, 3 or 5', side)

    @property
    def weights(self) -> Weights:
        """Constants of an iteration."""
        return Weights(self.lambda_ * self.theta, self.theta, self.tau / self.theta)

    @property
    def schedule(self) -> Schedule:
        """How many iterations there are between two warps."""
        return Schedule(
            self.inner_iterations, self.outer_iterations, self.epsilon, self.median_filtering
        )


def tvl1(first: Tensor, second: Tensor, settings: TVL1Settings) -> Tensor:
    """Flow (M, 2, H, W) from ``first`` to ``second``; pairs do not mix.

    Official setting: OpenCV's ``DualTVL1OpticalFlow`` with its pyramid, warps at
    multiples of 1/32 pixel, borders, median filter and stop of each warp. Its
    illumination term (gamma) is left out.

    The gradient is that of all iterations, exactly. It has no part through the
    places at which a warp samples the second frame, as rounded places do not
    move with the flow. Without the rounding, that part grows with every warp
    until it is all of the gradient, and says nothing about steps of a size that
    matters: on five real pairs its norm was up to 1e7 times as large, and two
    grey levels along its sign moved the mean flow by 0.04 pixels instead of 0.47.

    Args:
        first: (M, 1, H, W), 0..255, float32 or float64; sides of any size.
        second: Like ``first``.
        settings: Constants of the method.

    Raises:
        ValueError: No grey images, not two alike, or neither float32 nor float64.
    """
    require(first.dim() == 4 and first.shape[1] == 1, 'first', 'shaped (M, 1, H, W)', first.shape)
    require(second.shape == first.shape, 'second', f'shaped {tuple(first.shape)}', second.shape)
    fits = first.dtype in (torch.float32, torch.float64) and second.dtype == first.dtype
    require(fits, 'first and second', 'both float32 or float64', (first.dtype, second.dtype))
    levels = list(zip(_pyramid(first, settings), _pyramid(second, settings), strict=True))
    # Above the coarsest scale, nothing moves.
    flow = first.new_zeros((len(first), 2, 1, 1))
    for one, other in reversed(levels):
        larger = F.interpolate(flow, size=one.shape[2:], mode='bilinear', align_corners=False)
        flow = _one_scale(one, other, larger / settings.scale_step, settings)
    return flow


def _pyramid(image: Tensor, settings: TVL1Settings) -> list[Tensor]:
    """From fine to coarse; sizes are rounded and places scaled as in OpenCV's ``resize``."""
    step, levels = settings.scale_step, [image]
    # ``interpolate`` rounds sizes down; a border that goes on makes up for it.
    more = math.ceil(1 / step)
    while len(levels) < settings.scales:
        height, width = (round(side * step) for side in levels[-1].shape[2:])
        if min(height, width) < _SMALLEST:
            break
        wider = F.pad(levels[-1], (0, more, 0, more), mode='replicate')
        smaller = F.interpolate(
            wider, scale_factor=step, mode='bilinear', recompute_scale_factor=False
        )
        levels.append(smaller[:, :, :height, :width])
    return levels


def _one_scale(first: Tensor, second: Tensor, flow: Tensor, settings: TVL1Settings) -> Tensor:
    target = torch.cat([second, _centred_gradient(second)], dim=1)
    dual = flow.new_zeros((2, *flow.shape))
    for _ in range(settings.warps):
        data = _linearised(first, _warped(target, flow), flow)
        flow, dual = relax(flow, dual, data, settings.weights, settings.schedule)
    return flow


def _centred_gradient(image: Tensor) -> Tensor:
    """(M, 1, H, W) to (M, 2, H, W); at the border, half the one-sided difference."""
    x = F.pad(image, (1, 1, 1, 1), mode='replicate')
    across = x[:, :, 1:-1, 2:] - x[:, :, 1:-1, :-2]
    down = x[:, :, 2:, 1:-1] - x[:, :, :-2, 1:-1]
    return torch.cat([across, down], dim=1) / 2


def _warped(images: Tensor, flow: Tensor) -> Tensor:
    """Images (M, C, H, W) where ``flow`` points, bicubic (a = -0.75), 0 outside.

    As in OpenCV's ``remap``, places are whole multiples of 1/32 pixel. They have
    no gradient: as a function of the flow they are constant almost everywhere.
    """
    height, width = images.shape[2:]
    # ``grid_sample`` takes places in [-1, 1]: for sides that are powers of two,
    # the way there and back is free of rounding errors, which the warps amplify.
    tall, wide = (1 << (side - 1).bit_length() for side in (height, width))
    across, down = flow.detach().unbind(dim=1)
    row = torch.arange(height, device=flow.device, dtype=flow.dtype)[:, None]
    column = torch.arange(width, device=flow.device, dtype=flow.dtype)
    x = (2 * (32 * (column + across)).round() / 32 + 1) / wide - 1
    y = (2 * (32 * (row + down)).round() / 32 + 1) / tall - 1
    extended = F.pad(images, (0, wide - width, 0, tall - height))
    places = torch.stack([x, y], dim=-1)
    return F.grid_sample(extended, places, mode='bicubic', align_corners=False)


def _linearised(first: Tensor, warped: Tensor, flow: Tensor) -> DataTerm:
    """The brightness difference round ``flow``, at which ``warped`` (M, 3, H, W) was sampled."""
    image, gradient = warped[:, :1], warped[:, 1:]
    inverse = gradient.square().sum(dim=1, keepdim=True).clamp(min=_FLAT).reciprocal()
    constant = image - (gradient * flow).sum(dim=1, keepdim=True) - first
    return DataTerm(constant * inverse, gradient * inverse, gradient)
