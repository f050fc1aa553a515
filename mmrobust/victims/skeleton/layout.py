"""From attacked joints to the views that a skeleton network sees, differentiably.

Shapes: C coordinates, T frames, V joints, M persons; N views (the first axis of the network's
input: clips, and mirrored clips).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.victims.skeleton.path import TrackPath
from mmrobust.victims.skeleton.tracks import StoredTrack
from mmrobust.victims.skeleton.twins.base import through


@dataclass(frozen=True)
class SkeletonLayout(ABC):
    """How one sample's pixels become the network's ``inputs``.

    Attributes:
        stored: The track of the file.
        shape: Of what the pipeline makes of it, (N, ...).
    """

    stored: StoredTrack
    shape: tuple[int, ...]

    @property
    def views(self) -> int:
        """N."""
        return self.shape[0]

    @abstractmethod
    def pixels(self) -> Tensor:
        """What is attacked (C, T, V, M), double precision; 0 where nothing may move."""

    @abstractmethod
    def render(self, pixels: Tensor) -> Tensor:
        """The network's input (N, ...) in the pipeline's own precision, with slopes."""

    @abstractmethod
    def along(self, path: TrackPath) -> SkeletonLayout:
        """The same pixels, shown to a network behind another pipeline.

        Raises:
            ValueError: They are those of one pipeline, and this is another.
        """

    @abstractmethod
    def settled(self, pixels: Tensor) -> Tensor:
        """The nearest pixels that the input can hold, none further from the clean ones."""

    @abstractmethod
    def shown(self, pixels: Tensor) -> NDArray[np.float64]:
        """Tracks (M, T, V, C) to look at, of pixels."""

    @property
    @abstractmethod
    def sizes(self) -> Tensor:
        """What a change of pixels by 1 is in those tracks (M,)."""

    @property
    @abstractmethod
    def signature(self) -> tuple[object, ...]:
        """Samples with equal signatures can share a batch."""


@dataclass(frozen=True)
class TrackLayout(SkeletonLayout):
    """``space='track'``: joints move in the file, and all clips and streams follow.

    Attributes:
        path: From the track to the input.
        info: What the data set says of the sample, without the track.
    """

    path: TrackPath
    info: Mapping[str, Any]

    def pixels(self) -> Tensor:
        """The track, in sizes of the body."""
        return self.stored.pixels()

    def render(self, pixels: Tensor) -> Tensor:
        """By way of pipeline and twins, which run on the CPU."""
        track, stored = self.stored.track(pixels.double())
        return self.path.inputs(self.info, track.cpu(), stored).to(pixels.device)

    def along(self, path: TrackPath) -> TrackLayout:
        """By way of the other pipeline."""
        packed = path.packed(self.info, self.stored.keypoint)
        return replace(self, path=path, shape=tuple(packed['inputs'].shape))

    def settled(self, pixels: Tensor) -> Tensor:
        """In the type of the file."""
        return self.stored.settled(pixels)

    def shown(self, pixels: Tensor) -> NDArray[np.float64]:
        """The file's tracks."""
        return self.stored.kept(pixels.double().cpu()).numpy()

    @property
    def sizes(self) -> Tensor:
        """Of the bodies."""
        return self.stored.sizes

    @property
    def signature(self) -> tuple[object, ...]:
        """Shapes of track and input."""
        return (*self.pixels().shape, *self.shape)


@dataclass(frozen=True)
class JointViewLayout(SkeletonLayout):
    """``space='view'``: each clip's joints, bones or motions on their own, an upper bound.

    Attributes:
        inputs: (N, M, t, V, C), single precision, of the pipeline.
        moves: Likewise: what depends on the track's places.
        steps: The pipeline in words.
    """

    inputs: Tensor
    moves: Tensor
    steps: tuple[str, ...]

    def pixels(self) -> Tensor:
        """(C, N * t, V, M), in the network's own units."""
        return _laid_out(self.inputs.double().where(self.moves, 0.0))

    def render(self, pixels: Tensor) -> Tensor:
        """Undo :meth:`pixels`; what may not move is as before."""
        clean, moves = (values.to(pixels.device) for values in (self.inputs, self.moves))
        free = _arranged(pixels, self.inputs.shape).to(clean.dtype).where(moves, 0)
        return through(free, free.detach().where(moves, clean))

    def along(self, path: TrackPath) -> JointViewLayout:
        """Itself, if the pipeline is the same."""
        same = path.describe() == self.steps
        rule = 'of the same test pipeline in view space (victim.space=track follows any)'
        require(same, 'surrogate.config', rule, 'another pipeline')
        return self

    def settled(self, pixels: Tensor) -> Tensor:
        """In single precision, what may not move as it was."""
        clean = self.pixels().to(pixels)
        kept = pixels.float().double()
        beyond = (kept - clean).abs() > (pixels - clean).abs()
        kept = torch.where(beyond, torch.nextafter(kept.float(), clean.float()).double(), kept)
        return torch.where(_laid_out(self.moves.to(pixels.device)), kept, clean)

    def shown(self, pixels: Tensor) -> NDArray[np.float64]:
        """The first clip's first two channels."""
        found: NDArray[np.float64] = self.render(pixels.cpu())[0, ..., :2].double().numpy()
        return found

    @property
    def sizes(self) -> Tensor:
        """1 for everybody."""
        return torch.ones(self.inputs.shape[1], dtype=torch.float64)

    @property
    def signature(self) -> tuple[object, ...]:
        """The input's shape."""
        return self.shape


def _laid_out(inputs: Tensor) -> Tensor:
    """(N, M, t, V, C) to (C, N * t, V, M)."""
    return inputs.permute(4, 0, 2, 3, 1).flatten(1, 2).contiguous()


def _arranged(pixels: Tensor, shape: Sequence[int]) -> Tensor:
    """(C, N * t, V, M) to (N, M, t, V, C)."""
    clips, persons, frames, joints, channels = shape
    found = pixels.reshape(channels, clips, frames, joints, persons)
    return found.permute(1, 4, 2, 3, 0)
