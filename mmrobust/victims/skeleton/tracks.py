"""A track as its file holds it, and what of it may be changed.

Shapes: M persons, T frames, V joints, C coordinates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.victims.skeleton.twins.base import TORCH, through


@dataclass(frozen=True)
class StoredTrack:
    """Joints as the data set returns them, before the pipeline's first transform.

    Attributes:
        keypoint: (M, T, V, C), float16, float32 or float64.
        coordinates: How many of the C are places; a score behind them stays.
        sizes: (M,), what a change by 1 is, in the file's unit.
        moves: (M, T, V) bool, joints that may be moved: those that were found, of persons whom
            the network sees. In a frame that no clip has they have no slope, but a slow change
            goes on through it.
        seen: (M, T, V) bool, those of them that have a part in the network's input.
    """

    keypoint: NDArray[Any]
    coordinates: int
    sizes: Tensor
    moves: Tensor
    seen: Tensor

    def __post_init__(self) -> None:
        persons = self.keypoint.shape[0]
        # One size too many, and every person of every track would be multiplied by each.
        assert self.sizes.shape == (persons,), (self.sizes.shape, persons)
        shapes = {self.moves.shape, self.seen.shape}
        assert shapes == {self.keypoint.shape[:3]}, shapes

    @property
    def places(self) -> Tensor:
        """(M, T, V, C) without scores, double precision."""
        return torch.from_numpy(self.keypoint[..., : self.coordinates].astype(np.float64))

    def pixels(self) -> Tensor:
        """(C, T, V, M), in sizes; 0 where nothing may move."""
        shares = self.places / self.sizes[:, None, None, None]
        return _outside(shares.where(self.moves[..., None], 0.0)).contiguous()

    def native(self, pixels: Tensor) -> Tensor:
        """(M, T, V, C) in the file's unit for pixels (C, T, V, M); only what may move is sound."""
        return _inside(pixels) * self.sizes[:, None, None, None].to(pixels)

    def kept(self, pixels: Tensor) -> Tensor:
        """Places (M, T, V, C) that the file would hold of pixels, in double precision.

        Its type rounds; what has not moved, or may not, is as before to the last bit; and no
        coordinate becomes 0, which would say that the joint was not found.
        """
        with torch.no_grad():
            clean = self.places.to(pixels.device)
            found = self._typed(self.native(pixels))
            still = _inside(pixels) == _inside(self.pixels().to(pixels))
            still = still | ~self.moves[..., None].to(pixels.device) | (found == 0)
            return torch.where(still, clean, found)

    def settled(self, pixels: Tensor) -> Tensor:
        """The pixels nearest to these that the file can hold, none further from the clean ones."""
        with torch.no_grad():
            clean, wanted = self.places.to(pixels.device), self.native(pixels)
            found = self._typed(wanted)
            # A size multiplies and divides: what lies on the grid is off by a few last bits.
            slack = 8 * torch.finfo(torch.float64).eps * found.abs()
            beyond = (found - clean).abs() > (wanted - clean).abs() + slack
            kind = self.keypoint.dtype
            nearer = np.nextafter(
                found.cpu().numpy().astype(kind), clean.cpu().numpy().astype(kind)
            )
            found = torch.where(
                beyond, torch.from_numpy(nearer.astype(np.float64)).to(found), found
            )
            still = (found == clean) | (found == 0) | ~self.moves[..., None].to(pixels.device)
            shares = found / self.sizes[:, None, None, None].to(pixels)
            return torch.where(_outside(still), self.pixels().to(pixels), _outside(shares))

    def track(self, pixels: Tensor) -> tuple[Tensor, NDArray[Any]]:
        """The track (M, T, V, C) with slopes, scores included, and as the file would hold it."""
        kept = self.kept(pixels)
        stored = self.keypoint.copy()
        stored[..., : self.coordinates] = kept.cpu().numpy().astype(stored.dtype)
        moving = self.native(pixels).where(self.moves[..., None].to(pixels.device), 0.0)
        slopes = through(moving, kept)
        rest = torch.from_numpy(self.keypoint[..., self.coordinates :].astype(np.float64))
        return torch.cat([slopes, rest.to(slopes)], dim=-1), stored

    def _typed(self, values: Tensor) -> Tensor:
        return values.to(TORCH[self.keypoint.dtype.name]).double()


def _outside(track: Tensor) -> Tensor:
    """(M, T, V, C) to (C, T, V, M)."""
    return track.permute(3, 1, 2, 0)


def _inside(pixels: Tensor) -> Tensor:
    """(C, T, V, M) to (M, T, V, C)."""
    return pixels.permute(3, 1, 2, 0)


def checked_track(info: Mapping[str, Any]) -> NDArray[Any]:
    """The joints (M, T, V, C) of a sample.

    Raises:
        ValueError: They are no finite numbers of a shape and type that the pipeline takes, or
            nobody is there.
    """
    found = info.get('keypoint')
    require(isinstance(found, np.ndarray), 'keypoint', 'an array', type(found).__name__)
    assert isinstance(found, np.ndarray)
    require(found.dtype.name in TORCH, 'keypoint', f'of type {", ".join(TORCH)}', str(found.dtype))
    fits = found.ndim == 4 and found.shape[3] in (2, 3) and found.size > 0
    rule = 'of shape (persons, frames, joints, 2 or 3), none of them 0'
    require(fits, 'keypoint', rule, found.shape)
    bad = ~np.isfinite(found)
    rule = 'finite in every frame'
    first = tuple(int(place) for place in np.argwhere(bad)[0]) if bad.any() else None
    require(first is None, 'keypoint', rule, f'{int(bad.sum())} values that are not, first {first}')
    require(bool((found != 0).any()), 'keypoint', 'not zero everywhere', 'no joint in any frame')
    frames = info.get('total_frames', found.shape[1])
    require(frames == found.shape[1], 'total_frames', f'{found.shape[1]} as in keypoint', frames)
    score = info.get('keypoint_score')
    if score is not None:
        fits = np.shape(score) == found.shape[:3] and bool(np.isfinite(score).all())
        rule = f'finite, of shape {found.shape[:3]}'
        require(fits, 'keypoint_score', rule, np.shape(score))
    return found
