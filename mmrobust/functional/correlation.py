"""Correlation of two feature maps over a window of displacements.

Shapes: M pairs, C channels, H, W cells, D displacements along one axis.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from mmrobust.functional.checks import require


def correlation(
    first: Tensor, second: Tensor, *, max_displacement: int = 20, stride: int = 2
) -> Tensor:
    """How well each cell of ``first`` matches the displaced cells of ``second``.

    Channel ``j * D + i`` is the mean over C of ``first[y, x] * second[y + dy, x + dx]``
    with ``dy = (j - D // 2) * stride`` and ``dx = (i - D // 2) * stride``, where
    ``D = 2 * max_displacement // stride + 1``; beyond the border ``second`` is zero.

    Fischer et al. 2015 (FlowNet, arXiv:1504.06852), equation 1, for patches of
    one cell. Official setting: the defaults, 441 channels, and the mean over C
    that NVIDIA's flownet2-pytorch takes (the equation has the sum).

    Args:
        first: (M, C, H, W).
        second: As ``first``.
        max_displacement: Largest displacement, cells; a multiple of ``stride``.
        stride: Distance of neighbouring displacements, cells.

    Returns:
        (M, D * D, H, W).

    Raises:
        ValueError: Two maps of other shapes, or displacements that do not fit.
    """
    require(first.dim() == 4, 'first', 'features (M, C, H, W)', tuple(first.shape))
    require(second.shape == first.shape, 'second', 'shaped as first', tuple(second.shape))
    require(stride >= 1, 'stride', 'at least 1', stride)
    fits = max_displacement >= 0 and max_displacement % stride == 0
    require(fits, 'max_displacement', f'a multiple of stride {stride}', max_displacement)
    pairs, channels, height, width = first.shape
    radius = max_displacement // stride
    displacements = 2 * radius + 1
    ours, theirs = _phases(first, stride), _phases(second, stride).mT
    shifts = range(-max_displacement, max_displacement + 1, stride)
    planes = torch.stack([_matches(ours, theirs, dy, radius) for dy in shifts], dim=-2)
    planes = planes.reshape(height, pairs, stride, -1, displacements**2)
    planes = planes.permute(1, 4, 0, 3, 2).reshape(pairs, displacements**2, height, -1)
    return planes[..., :width] / channels


def _phases(features: Tensor, stride: int) -> Tensor:
    """(M, C, H, W) to (H, M * stride, Q, C): columns x of equal x % stride together.

    Only such columns are ever matched, so that a row's products are
    ``stride`` small matrices; a row comes first so that shifting is slicing.
    """
    pairs, channels, height, width = features.shape
    columns = -(-width // stride)
    padded = F.pad(features, (0, columns * stride - width))
    phases = padded.reshape(pairs, channels, height, columns, stride).permute(2, 0, 4, 3, 1)
    return phases.reshape(height, pairs * stride, columns, channels)


def _matches(ours: Tensor, theirs: Tensor, dy: int, radius: int) -> Tensor:
    """Sums over C for one vertical shift: (H, M * stride, Q, D)."""
    height, batch, columns, channels = ours.shape
    rows, top = height - abs(dy), max(0, -dy)
    if rows <= 0:
        return ours.new_zeros(height, batch, columns, 2 * radius + 1)
    products = torch.bmm(
        ours[top : top + rows].reshape(rows * batch, columns, channels),
        theirs[top + dy : top + dy + rows].reshape(rows * batch, channels, columns),
    )
    found = _band(products, radius).reshape(rows, batch, columns, 2 * radius + 1)
    return F.pad(found, (0, 0, 0, 0, 0, 0, top, height - top - rows))


def _band(products: Tensor, radius: int) -> Tensor:
    """Diagonals -radius..radius of (B, Q, Q) as columns (B, Q, D), zero outside."""
    batch, columns, _ = products.shape
    flat = F.pad(products, (radius, radius)).flatten(1)
    # Rows cut one value longer each start one value later: diagonals become columns.
    skewed = F.pad(flat, (0, columns)).reshape(batch, columns, columns + 2 * radius + 1)
    return skewed[..., : 2 * radius + 1]
