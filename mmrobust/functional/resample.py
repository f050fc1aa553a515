"""Sampling an image where a flow field points.

Shapes: M images, C channels, H, W pixels.
"""

import torch
from torch import Tensor

from mmrobust.functional.checks import require


def resample(image: Tensor, flow: Tensor) -> Tensor:
    """``image`` at ``(x + flow_x, y + flow_y)``, bilinear, clamped to the border.

    The semantics of Resample2d in NVIDIA's flownet2-pytorch: both neighbours of
    a coordinate are clamped to the image. Values equal those of ``grid_sample``
    with ``padding_mode='border'`` and ``align_corners=True`` without the round
    trip through [-1, 1], and so do gradients but for one case: at the first row
    or column itself, where ``grid_sample`` has none, this one has the slope to
    the right or below, as everywhere at whole coordinates. Outside the image the
    flow has no gradient.

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
    row = torch.arange(height, device=flow.device, dtype=flow.dtype)[:, None]
    column = torch.arange(width, device=flow.device, dtype=flow.dtype)
    left, right, alpha = _neighbours(column + flow[:, 0], width)
    top, bottom, beta = _neighbours(row + flow[:, 1], height)
    upper = torch.lerp(_pick(image, top, left), _pick(image, top, right), alpha)
    lower = torch.lerp(_pick(image, bottom, left), _pick(image, bottom, right), alpha)
    return torch.lerp(upper, lower, beta)


def _neighbours(place: Tensor, size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Indices (M, H, W) on both sides of ``place``, and the second's weight (M, 1, H, W)."""
    below = place.detach().floor()
    index = below.clamp(-1, size).long()
    # Clamped once more, as a NaN turns into any integer; its weight stays NaN.
    return index.clamp(0, size - 1), (index + 1).clamp(0, size - 1), (place - below)[:, None]


def _pick(image: Tensor, row: Tensor, column: Tensor) -> Tensor:
    """Values (M, C, H, W) of ``image`` at integer places (M, H, W)."""
    index = (row * image.shape[3] + column).flatten(1)[:, None].expand(-1, image.shape[1], -1)
    return image.flatten(2).gather(2, index).reshape(image.shape)
