"""Joints and limbs drawn as blobs, as skeleton networks on volumes see them, differentiably.

Source: Duan et al. 2022, arXiv:2104.13586 (PoseC3D), and what MMAction2's ``GeneratePoseTarget``
makes of it: a blob is cut off three sigma from its joint, at whole pixels, and of several persons
the brightest counts. Operations have MMAction2's order, for single precision to round alike.

Shapes: F frames, M persons, V joints, L limbs, H, W pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

# Scores below it draw nothing.
FAINT = 1e-4


def joint_heatmaps(places: Tensor, scores: Tensor, size: tuple[int, int], sigma: float) -> Tensor:
    """Blobs (F, V, H, W) in 0..1.

    Args:
        places: (F, M, V, 2), x and y in pixels.
        scores: (F, M, V), the blobs' heights.
        size: H and W.
        sigma: Pixels.
    """
    found = places.new_zeros(len(places), places.shape[2], *size)
    for person in range(places.shape[1]):
        blobs = _blobs(places[:, person], scores[:, person], size, sigma)
        found = torch.maximum(found, blobs)
    return found


def limb_heatmaps(
    places: Tensor,
    scores: Tensor,
    limbs: Sequence[tuple[int, int]],
    size: tuple[int, int],
    sigma: float,
) -> Tensor:
    """Lines (F, L, H, W) of blurred edges in 0..1, as bright as the fainter of their two ends.

    A limb that is shorter than a pixel is the blob of its first joint.

    Args:
        places: (F, M, V, 2), x and y in pixels.
        scores: (F, M, V).
        limbs: Pairs of joints.
        size: H and W.
        sigma: Pixels.
    """
    first, last = (list(ends) for ends in zip(*limbs, strict=True))
    found = places.new_zeros(len(places), len(limbs), *size)
    for person in range(places.shape[1]):
        starts, ends = places[:, person][:, first], places[:, person][:, last]
        heights = scores[:, person][:, first], scores[:, person][:, last]
        lines = _lines(starts, ends, torch.minimum(*heights), size, sigma)
        bright = torch.where(torch.minimum(*heights) < FAINT, 0.0, heights[0])
        dots = _blobs(starts, bright, size, sigma)
        short = (starts.detach() - ends.detach()).double().square().sum(dim=-1) < 1
        found = torch.maximum(found, torch.where(short[..., None, None], dots, lines))
    return found


def _blobs(places: Tensor, scores: Tensor, size: tuple[int, int], sigma: float) -> Tensor:
    """Of one person: (F, V, H, W) for places (F, V, 2)."""
    x, y = _grid(places, size)
    at_x, at_y = places[..., 0, None, None], places[..., 1, None, None]
    apart = (x - at_x).square() + (y - at_y).square()
    blobs = (-apart / 2 / sigma**2).exp() * scores[..., None, None]
    near = _between(at_x, at_x, x, sigma) & _between(at_y, at_y, y, sigma)
    return blobs.where(near & (scores >= FAINT)[..., None, None], 0.0)


def _lines(
    starts: Tensor, ends: Tensor, scores: Tensor, size: tuple[int, int], sigma: float
) -> Tensor:
    """Of one person: (F, L, H, W) for both ends (F, L, 2)."""
    x, y = _grid(starts, size)
    (ax, ay), (bx, by) = (
        (end[..., 0, None, None], end[..., 1, None, None]) for end in (starts, ends)
    )
    to_start = (x - ax).square() + (y - ay).square()
    to_end = (x - bx).square() + (y - by).square()
    # The transform squares these two numbers in double precision, and all others in single.
    length = ((ax - bx).double().square() + (ay - by).double().square()).to(x.dtype)
    # Some number for limbs without length, which are drawn otherwise.
    length = length.where(length > 0, 1.0)
    along = (to_start - to_end + length) / 2.0 / length
    beside_x, beside_y = x - (ax + along * (bx - ax)), y - (ay + along * (by - ay))
    beside = beside_x.square() + beside_y.square()
    apart = torch.where(along <= 0, to_start, torch.where(along >= 1, to_end, beside))
    lines = (-apart.double() / 2.0 / sigma**2).exp().to(apart.dtype) * scores[..., None, None]
    near = _between(ax, bx, x, sigma) & _between(ay, by, y, sigma)
    return lines.where(near & (scores >= FAINT)[..., None, None], 0.0)


def _grid(like: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Columns (1, W) and rows (H, 1)."""
    x = torch.arange(size[1], dtype=like.dtype, device=like.device)[None]
    y = torch.arange(size[0], dtype=like.dtype, device=like.device)[:, None]
    return x, y


def _between(one: Tensor, other: Tensor, pixels: Tensor, sigma: float) -> Tensor:
    """Which pixels lie within three sigma of the stretch between two places, as whole numbers.

    Numbers are cut towards zero: next to the picture's edge a blob may begin one pixel late.
    """
    least, most = torch.minimum(one, other).detach(), torch.maximum(one, other).detach()
    begin = (least.double() - 3 * sigma).trunc()
    end = (most.double() + 3 * sigma).trunc() + 1
    return (pixels >= begin) & (pixels < end)
