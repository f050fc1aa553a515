"""Bilinear reads of many images at the same places.

Shapes: C channels, H, W pixels, P places. The centre of the top left pixel is
(0, 0). Outside the image there is zero, a neighbour of a place inside included
(``grid_sample`` with ``padding_mode='zeros'``).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from mmrobust.functional.checks import require

# Zeros round an image: bilinear neighbours up to two pixels outside are there.
RING = 2


@dataclass(frozen=True)
class BilinearGather:
    """Bilinear reads of an image at fixed places, zero outside, worked out once.

    Attributes:
        size: (H, W) of the image.
        shape: Of the places.
        index: (P,) int32, of the neighbour above to the left, in the ringed image.
        right: (P,) weight of the neighbours to the right.
        down: (P,) weight of the neighbours below.
    """

    size: tuple[int, int]
    shape: tuple[int, ...]
    index: Tensor
    right: Tensor
    down: Tensor

    @classmethod
    def at(cls, place: Tensor, size: tuple[int, int]) -> BilinearGather:
        """Of absolute places (2, ...), pixels (horizontal, vertical), in (H, W) pixels."""
        low = place.floor()
        right, down = (place - low).flatten(1)
        # All that lies further out than the ring is on it.
        ends = [(low[axis].clamp(-RING, size[1 - axis]) + RING).int() for axis in (0, 1)]
        index = ends[1] * (size[1] + 2 * RING) + ends[0]
        return cls(size, tuple(place.shape[1:]), index.flatten(), right, down)

    def of(self, image: Tensor) -> Tensor:
        """(C, ...) of an image (C, H, W).

        Raises:
            ValueError: An image of another size.
        """
        known = tuple(image.shape)
        size = f'an image (C, {self.size[0]}, {self.size[1]})'
        require(len(known) == 3 and known[1:] == self.size, 'image', size, known)
        width = self.size[1] + 2 * RING
        ringed = F.pad(image, (RING,) * 4).flatten(1)
        neighbours = (ringed[:, step:] for step in (0, 1, width, width + 1))
        a, b, c, d = (part.index_select(1, self.index) for part in neighbours)
        right, down = self.right.to(image.dtype), self.down.to(image.dtype)
        # The ends of a row first, then the ends of a column.
        found = torch.lerp(torch.lerp(a, b, right), torch.lerp(c, d, right), down)
        return found.unflatten(1, self.shape)
