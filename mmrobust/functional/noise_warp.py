"""Moving a frame of noise along the motion of a video.

Shapes: C channels, T frames, H, W pixels. Motion is in pixels, (horizontal,
vertical); the centre of the top left pixel is (0, 0), so that a whole number of
pixels is an exact shift. All maps are backward ones: map t says, at the pixels
of frame t, where that pixel was in frame t-1, relative to where it is. What
comes from outside the frame is zero, a bilinear neighbour there included
(``grid_sample`` with ``padding_mode='zeros'``).
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.functional.resample import resample


def warp_chain(noise: Tensor, maps: Tensor) -> Tensor:
    """Noise that follows the content: frame t is frame t-1, displaced by map t.

    Frame 0 is the noise itself. This is the motion-excited sampler as Zhang,
    Zhu, Zhu and Yang (2020, arXiv:2003.07637) describe it and as the public
    code of Geo-TRAP (Li et al. 2021, arXiv:2110.01823) implements it; their own
    release does :func:`lookup`. Deviations from Geo-TRAP's: motion is in pixels,
    not in shares of the sides, and frame 0 is not displaced.
    Every step interpolates again, so motion by parts of a pixel blurs the noise
    more from frame to frame and lowers its variance: on an embedded video to
    0.56 in frame 1 and 0.04 in frame 15 (Farneback's flow).

    Args:
        noise: (C, H, W).
        maps: (T, 2, H, W), pixels; the first is not used.

    Returns:
        (C, T, H, W).

    Raises:
        ValueError: Shapes that do not belong together.
    """
    _check_maps(maps, noise.shape[1:])
    frames, identity = [noise], _places(noise, maps)
    for backward in maps[1:]:
        frames.append(sample(frames[-1], identity + backward))
    return torch.stack(frames, dim=1)


def lookup(noise: Tensor, backward: Tensor) -> Tensor:
    """Noise read at absolute places: the motion itself, less its least value.

    The public release of the motion-excited sampler (Zhang, Zhu, Zhu and Yang
    2020, arXiv:2003.07637): there is no identity, so all pixels of equal motion
    have equal noise. The least value is one number for both components.
    Deviations: motion above 255 pixels does not wrap (the release stores whole
    pixels in 8 bits); the horizontal component belongs to the width (the release
    scales it by the height; its frames are square); whole numbers are the
    centres of pixels (the release relies on what ``align_corners`` was then).

    Args:
        noise: (C, H, W).
        backward: (2, H, W), pixels.

    Returns:
        (C, H, W).

    Raises:
        ValueError: Shapes that do not belong together.
    """
    shape = (2, *noise.shape[1:])
    require(backward.shape == shape, 'backward', f'shaped {shape}', tuple(backward.shape))
    return sample(noise, backward - backward.min())


def accumulate(maps: Tensor) -> Tensor:
    """Where every pixel of frame t was in frame 0, relative to where it is.

    Maps are composed: the place in frame t-1 is looked up in what was found for
    that frame, between pixels bilinearly, outside the frame at its border.

    Args:
        maps: (T, 2, H, W), pixels; the first is not used.

    Returns:
        (T, 2, H, W), pixels; the first is zero.

    Raises:
        ValueError: Maps of another shape.
    """
    _check_maps(maps, maps.shape[2:])
    found = [torch.zeros_like(maps[0])]
    for backward in maps[1:]:
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
    return sample(noise, place.transpose(0, 1))


def chain(matrices: Tensor) -> Tensor:
    """Affine maps from each frame back to frame 0, of maps from each to the one before.

    Args:
        matrices: (T, 2, 3); matrix t leads from frame t to frame t-1, the first
            one from frame 0 to the noise.

    Returns:
        (T, 2, 3): the products of the first 1, 2, ..., T of them.

    Raises:
        ValueError: Matrices of another shape.
    """
    _check_matrices(matrices)
    last = matrices.new_tensor([[0, 0, 1]])
    found = [torch.cat([matrices[0], last])]
    for matrix in matrices[1:]:
        found.append(found[-1] @ torch.cat([matrix, last]))
    return torch.stack(found)[:, :2]


def sample(image: Tensor, place: Tensor) -> Tensor:
    """``image`` at absolute places, bilinear, zero outside.

    Args:
        image: (C, H, W).
        place: (2, ...), pixels: horizontal, vertical.

    Returns:
        (C, ...).
    """
    height, width = image.shape[1:]
    # A ring of zeros round the image: all that lies further out is on it.
    ringed = F.pad(image, (1, 1, 1, 1)).flatten(1)
    low = place.floor()
    right, down = (place - low).to(image.dtype)
    columns = [(low[0] + i).clamp(-1, width).long() + 1 for i in (0, 1)]
    rows = [(low[1] + i).clamp(-1, height).long() + 1 for i in (0, 1)]
    # The ends of a row first, then the ends of a column.
    (a, b), (c, d) = ([ringed[:, y * (width + 2) + x] for x in columns] for y in rows)
    return torch.lerp(torch.lerp(a, b, right), torch.lerp(c, d, right), down)


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
