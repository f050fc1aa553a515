"""A top-down estimator's crops as a differentiable function of the picture.

Shapes: N crops, C channels, H, W pixels of the picture, h, w pixels of a
crop. The centre of the top left pixel is (0, 0). Values 0..255.
"""

import torch
from torch import Tensor

from mmrobust.functional.checks import require

# OpenCV's fixed point: places in 1/1024 pixel, then in 1/32; see affine_crop.
PLACE_BITS, GRID_BITS = 10, 5
GRID = 1 << GRID_BITS
# Further out nothing is seen; keeps what a degenerate matrix gives within 64 bits.
FAR = 2.0**40


def affine_crop(
    image: Tensor, matrices: Tensor, size: tuple[int, int], *, rounded: bool = True
) -> Tensor:
    """What MMPose's ``TopdownAffine`` cuts out of a picture, once for each matrix.

    Reproduces ``cv2.warpAffine`` with ``INTER_LINEAR`` and a border of zeros
    (8 bits; measured with OpenCV 4.11 on x86): the matrix is inverted in double
    precision, places are taken in 1/1024 pixel and then cut to 1/32 pixel, and
    the bilinear sum is rounded half up. Of pictures in whole grey levels the
    crops equal OpenCV's at every pixel, upscaled, downscaled, turned, or over
    the border.

    The crops are linear in the picture but for the rounding, which the
    gradient passes straight through (Bengio, Leonard and Courville 2013,
    arXiv:1308.3432). Where crops overlap, gradients add. Pixels that no crop
    looks at have a gradient of zero, as when a downscaled crop leaves pixels
    out: OpenCV does not average over them.

    Args:
        image: Picture (C, H, W), floating point; C in any order.
        matrices: (N, 2, 3), double precision, from (x, y, 1) of the picture to
            (x, y) of the crop: MMPose's ``get_warp_matrix`` or, with ``use_udp``,
            ``get_udp_warp_matrix`` of the centre and scale that its pipeline
            leaves in ``input_center`` and ``input_scale``.
        size: (w, h) of a crop, as MMPose's ``input_size``.
        rounded: Whole grey levels, as the pipeline gives them; False leaves the
            bilinear sums as they are.

    Returns:
        (N, C, h, w), in the precision of the picture.

    Raises:
        ValueError: Another shape, single precision matrices, or an empty size.
    """
    float_image = image.dim() == 3 and image.is_floating_point()
    require(float_image, 'image', 'floating point (C, H, W)', (tuple(image.shape), image.dtype))
    fits = matrices.dim() == 3 and matrices.shape[1:] == (2, 3)
    require(fits, 'matrices', 'of shape (N, 2, 3)', tuple(matrices.shape))
    double = matrices.dtype == torch.float64
    require(double, 'matrices', 'in double precision (torch.float64)', matrices.dtype)
    require(len(size) == 2 and min(size) >= 1, 'size', '(w, h) of at least one pixel', size)
    column, row = _places(matrices.to(image.device), size)
    right, down = ((place & (GRID - 1)).to(image.dtype) / GRID for place in (column, row))
    left, top = column >> GRID_BITS, row >> GRID_BITS
    crops = image.new_zeros(())
    for y, x in ((0, 0), (0, 1), (1, 0), (1, 1)):
        share = _share(down, y) * _share(right, x)
        crops = crops + _pick(image, top + y, left + x) * share[:, None]
    if not rounded:
        return crops
    return crops + ((crops + 0.5).floor() - crops).detach()


def _places(matrices: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Where each crop's pixels lie in the picture: x and y (N, h, w), in 1/32 pixel."""
    (a, b, c), (d, e, f) = matrices.permute(1, 2, 0)[..., None]
    determinant = a * e - b * d
    inverse = torch.where(determinant == 0, 0.0, 1 / determinant)
    a, b, d, e = e * inverse, -b * inverse, -d * inverse, a * inverse
    c, f = -a * c - b * f, -d * c - e * f
    x, y = (torch.arange(length, dtype=a.dtype, device=a.device) for length in size)
    # OpenCV rounds what a column adds and what a row adds one by one, halves to even.
    across, along = (_fixed(step * x)[:, None, :] for step in (a, d))
    columns, rows = (_fixed(step * y + shift)[:, :, None] for step, shift in ((b, c), (e, f)))
    drop = PLACE_BITS - GRID_BITS
    half = 1 << (drop - 1)
    return (columns + across + half) >> drop, (rows + along + half) >> drop


def _fixed(place: Tensor) -> Tensor:
    scaled = (place * (1 << PLACE_BITS)).nan_to_num(FAR, FAR, -FAR)
    return scaled.clamp(-FAR, FAR).round().long()


def _share(fraction: Tensor, side: int) -> Tensor:
    return fraction if side else 1 - fraction


def _pick(image: Tensor, row: Tensor, column: Tensor) -> Tensor:
    """Pixels (N, C, h, w) of the picture, zero outside it."""
    height, width = image.shape[1:]
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    index = row.clamp(0, height - 1) * width + column.clamp(0, width - 1)
    return image.flatten(1)[:, index].transpose(0, 1) * inside[:, None]
