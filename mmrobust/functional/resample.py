"""Sampling an image where a flow field points.

Shapes: M images, C channels, H, W pixels.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from mmrobust.functional.checks import require

# What torch calls 'bilinear' and 'zeros'; sides are pixels' edges, not their centres.
MODE = (0, 0, False)


def resample(image: Tensor, flow: Tensor) -> Tensor:
    """``image`` at ``(x + flow_x, y + flow_y)``, bilinear, clamped to the border.

    The semantics of Resample2d in NVIDIA's flownet2-pytorch: both neighbours of
    a coordinate are clamped to the image. It is computed by ``grid_sample``, and equals
    that with ``padding_mode='border'`` but for three cases. Whole coordinates are exact:
    the image is enlarged to sides that are powers of two, for which the way to
    [-1, 1] and back does not round. At the first row or column itself the gradient of the
    flow is the slope to the right or below, as everywhere at whole coordinates, and not
    none. Where the flow is no finite number, neither is the result.

    Outside the image the flow has no gradient. There are no second derivatives, as
    ``grid_sample`` has none.

    Args:
        image: (M, C, H, W).
        flow: (M, 2, H, W), pixels: horizontal, vertical.

    Returns:
        (M, C, H, W).

    Raises:
        ValueError: Shapes that do not belong together.
    """
    require(image.dim() == 4, 'image', 'images (M, C, H, W)', tuple(image.shape))
    count, _, height, width = image.shape
    shape = (count, 2, height, width)
    require(flow.shape == shape, 'flow', f'shaped {shape}', tuple(flow.shape))
    found: Tensor = _Resample.apply(image, flow)
    return found


class _Resample(torch.autograd.Function):
    """``grid_sample`` with exact places and the gradient of :func:`resample` at the border."""

    @staticmethod
    def forward(ctx: Any, image: Tensor, flow: Tensor) -> Tensor:
        canvas, places = _enlarged(image), torch.empty_like(flow)
        for axis, (place, low, high) in enumerate(_places(flow)):
            torch.clamp(place, low, high, out=places[:, axis])
        grid = places.permute(0, 2, 3, 1)
        ctx.save_for_backward(canvas, grid, flow)
        found = torch.grid_sampler(canvas, grid, *MODE)
        # Clamping hides infinite flow, and a GPU what is no number. There, asking is the dearer.
        if flow.is_cuda or not flow.sum().isfinite():
            found.add_((flow[:, :1] + flow[:, 1:]).mul_(0))
        return found

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:
        canvas, grid, flow = ctx.saved_tensors
        height, width = flow.shape[2:]
        needed = list(ctx.needs_input_grad)
        of_canvas, of_grid = torch.ops.aten.grid_sampler_2d_backward(
            gradient, canvas, grid, *MODE, needed
        )
        of_image = of_canvas[:, :, :height, :width] if needed[0] else None
        if not needed[1]:
            return of_image, None
        of_flow = torch.empty_like(flow)
        for axis, (place, low, high) in enumerate(_places(flow)):
            # None at both ends and beyond; but at the lower one there is: within rounding of it.
            low -= torch.finfo(flow.dtype).eps
            inside = torch.ops.aten.hardtanh_backward(of_grid[..., axis], place, low, high)
            torch.mul(inside, 2 / canvas.shape[3 - axis], out=of_flow[:, axis])
        return of_image, of_flow


def _enlarged(image: Tensor) -> Tensor:
    """The image in the corner of one whose sides are powers of two."""
    height, width = image.shape[2:]
    sides = _power(height), _power(width)
    if sides == (height, width):
        return image
    canvas = image.new_empty(*image.shape[:2], *sides)
    canvas[:, :, :height, :width] = image
    # Read with weight zero, at most; the rest is not read.
    canvas[:, :, height : height + 1] = 0
    canvas[:, :, :, width : width + 1] = 0
    return canvas


def _places(flow: Tensor) -> list[tuple[Tensor, float, float]]:
    """Of each axis: where the flow points (M, H, W), in units of ``grid_sample``; its ends."""
    found = []
    for axis, shape in enumerate(((-1,), (-1, 1))):
        size = flow.shape[3 - axis]
        side = _power(size)
        # All of it exact: twice a place and one, over a power of two, less one.
        start = torch.arange(size, dtype=flow.dtype, device=flow.device)
        start.mul_(2 / side).add_(1 / side - 1)
        place = torch.add(start.view(shape), flow[:, axis], alpha=2 / side)
        found.append((place, 1 / side - 1, (2 * size - 1) / side - 1))
    return found


def _power(size: int) -> int:
    """The smallest power of two that is not below ``size``."""
    return 1 << (size - 1).bit_length()
