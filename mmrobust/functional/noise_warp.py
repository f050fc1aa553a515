"""Moving a frame of noise along the motion of a video.

Shapes: C channels, T frames, H, W pixels. Motion is in pixels, (horizontal,
vertical); the centre of the top left pixel is (0, 0), so that a whole number of
pixels is an exact shift. All maps are backward ones: map t says, at the pixels
of frame t, where that pixel was in frame t-1, relative to where it is. What
comes from outside the frame is zero (:mod:`mmrobust.functional.bilinear`).
A video may be several views (clips, crops) one after the other: nothing moves
from one to the next.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mmrobust.functional.bilinear import BilinearGather
from mmrobust.functional.checks import require
from mmrobust.functional.resample import resample


def warp_chain(noise: Tensor, gathers: Sequence[BilinearGather | None]) -> Tensor:
    """Noise that follows the content: frame t is frame t-1, displaced by map t.

    The first frame of a view is the noise itself. This is the motion-excited
    sampler as Zhang, Zhu, Zhu and Yang (2020, arXiv:2003.07637) describe it and as
    the public code of Geo-TRAP (Li et al. 2021, arXiv:2110.01823) implements it;
    their own release does :func:`lookup_gather`. Deviations from Geo-TRAP's: motion is in pixels,
    not in shares of the sides, and frame 0 is not displaced.
    Every step interpolates again, so motion by parts of a pixel blurs the noise
    more from frame to frame and lowers its variance: on an embedded video to
    0.56 in frame 1 and 0.04 in frame 15 (Farneback's flow).

    Args:
        noise: (C, H, W).
        gathers: Of the T frames; see :func:`chain_gathers`.

    Returns:
        (C, T, H, W).

    Raises:
        ValueError: The noise is not of the size of the maps.
    """
    frames: list[Tensor] = []
    for gather in gathers:
        frames.append(noise if gather is None else gather.of(frames[-1]))
    return torch.stack(frames, dim=1)


def chain_gathers(maps: Tensor, starts: Sequence[int] = (0,)) -> list[BilinearGather | None]:
    """Where each frame reads the one before; None for the first frames of views.

    Args:
        maps: (T, 2, H, W), pixels; those of ``starts`` are not used.
        starts: First frames of the views, in order, the first of them 0.

    Raises:
        ValueError: Maps of another shape.
    """
    _check_maps(maps, maps.shape[2:])
    size, identity = (maps.shape[2], maps.shape[3]), _places(maps[0], maps)
    return [
        None if t in starts else BilinearGather.at(identity + backward, size)
        for t, backward in enumerate(maps)
    ]


def lookup_gather(backward: Tensor) -> BilinearGather:
    """Reads noise at absolute places: the motion itself, less its least value.

    The public release of the motion-excited sampler (Zhang, Zhu, Zhu and Yang
    2020, arXiv:2003.07637): there is no identity, so all pixels of equal motion
    have equal noise. The least value is one number for both components.
    Deviations: motion above 255 pixels does not wrap (the release stores whole
    pixels in 8 bits); the horizontal component belongs to the width (the release
    scales it by the height; its frames are square); whole numbers are the
    centres of pixels (the release relies on what ``align_corners`` was then).

    Motion of less than a tile reads one tile of tiled noise alone, the same number
    everywhere.

    Args:
        backward: (2, H, W), pixels.

    Raises:
        ValueError: A map of another shape.
    """
    shape = tuple(backward.shape)
    require(len(shape) == 3 and shape[0] == 2, 'backward', 'motion (2, H, W)', shape)
    return BilinearGather.at(backward - backward.min(), (shape[1], shape[2]))


def accumulate(maps: Tensor, starts: Sequence[int] = (0,)) -> Tensor:
    """Where every pixel of frame t was in the first frame of its view, relative to where it is.

    Maps are composed: the place in frame t-1 is looked up in what was found for
    that frame, between pixels bilinearly, outside the frame at its border.

    Args:
        maps: (T, 2, H, W), pixels; those of ``starts`` are not used.
        starts: First frames of the views, in order, the first of them 0.

    Returns:
        (T, 2, H, W), pixels; zero at ``starts``.

    Raises:
        ValueError: Maps of another shape.
    """
    _check_maps(maps, maps.shape[2:])
    found: list[Tensor] = []
    for t, backward in enumerate(maps):
        if t in starts:
            found.append(torch.zeros_like(backward))
        else:
            found.append(backward + resample(found[-1][None], backward[None])[0])
    return torch.stack(found)


def affine_frames(noise: Tensor, matrices: Tensor) -> Tensor:
    """The noise, read in each frame through that frame's affine map.

    Args:
        noise: (C, H, W).
        matrices: (T, 2, 3); they turn (x, y, 1), pixels from the centre of the
            frame, into the place in the noise, likewise.

    Returns:
        (C, T, H, W).

    Raises:
        ValueError: Noise or matrices of another shape.
    """
    _check_matrices(matrices)
    require(noise.dim() == 3, 'noise', 'a frame (C, H, W)', tuple(noise.shape))
    identity = _places(noise, matrices)
    centre = matrices.new_tensor([noise.shape[2] - 1, noise.shape[1] - 1])[:, None, None] / 2
    # A shift by whole pixels stays exact: what is added is the change of place.
    change = matrices - torch.eye(2, 3).to(matrices)
    moved = torch.einsum('tij,jhw->tihw', change[:, :, :2], identity - centre)
    place = identity + moved + change[:, :, 2, None, None]
    size = (noise.shape[1], noise.shape[2])
    return BilinearGather.at(place.transpose(0, 1), size).of(noise)


def chain(matrices: Tensor, starts: Sequence[int] = (0,)) -> Tensor:
    """Affine maps from each frame back to the noise, of maps from each to the one before.

    Args:
        matrices: (T, 2, 3); matrix t leads from frame t to frame t-1, those of
            ``starts`` to the noise.
        starts: First frames of the views, in order, the first of them 0.

    Returns:
        (T, 2, 3): the products from the first frame of the view on.

    Raises:
        ValueError: Matrices of another shape.
    """
    _check_matrices(matrices)
    last = matrices.new_tensor([[0, 0, 1]])
    found: list[Tensor] = []
    for t, matrix in enumerate(matrices):
        square = torch.cat([matrix, last])
        found.append(square if t in starts else found[-1] @ square)
    return torch.stack(found)[:, :2]


def _places(noise: Tensor, motion: Tensor) -> Tensor:
    """The place (2, H, W) of every pixel of the noise, in the precision of the motion."""
    rows, columns = (torch.arange(size).to(motion) for size in noise.shape[1:])
    y, x = torch.meshgrid(rows, columns, indexing='ij')
    return torch.stack([x, y])


def _check_maps(maps: Tensor, size: torch.Size) -> None:
    fits = maps.dim() == 4 and len(maps) >= 1 and maps.shape[1:] == (2, *size)
    require(fits, 'maps', f'motion (T, 2, {", ".join(map(str, size))})', tuple(maps.shape))


def _check_matrices(matrices: Tensor) -> None:
    fits = matrices.dim() == 3 and len(matrices) >= 1 and matrices.shape[1:] == (2, 3)
    require(fits, 'matrices', 'affine maps (T, 2, 3), T >= 1', tuple(matrices.shape))
