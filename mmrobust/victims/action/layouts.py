"""From attacked pixels to the views that the model sees, differentiably.

Shapes: C channels, T attacked frames, H, W their size; V views (the first
axis of the model's input), t frames of a view, h, w its size.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Layout(ABC):
    """How one sample's pixels become the model's ``inputs``.

    Attributes:
        flags: Of how the sample was loaded.
    """

    flags: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    @abstractmethod
    def views(self) -> int:
        """V, the length of the input's first axis."""

    @abstractmethod
    def pixels(self) -> Tensor:
        """The clean pixels (C, T, H, W), uint8: what the attacker may change."""

    @abstractmethod
    def render(self, pixels: Tensor, views: Sequence[int] | None = None) -> Tensor:
        """Some input views, or all: (V, C, h, w) or (V, C, t, h, w)."""

    @abstractmethod
    def seen(self) -> Tensor:
        """Which attacked frames each view sees: (V, T), bool."""

    @property
    @abstractmethod
    def signature(self) -> tuple[object, ...]:
        """Samples with equal signatures can share a batch."""


@dataclass(frozen=True)
class ViewLayout(Layout):
    """``space='view'``: every view's pixels are free, an upper bound for the attacker.

    Attributes:
        inputs: The pipeline's output, uint8: (V, C, h, w) or (V, C, t, h, w).
            Pixels are the same with the views laid out in time:
            (C, V, h, w) or (C, V * t, h, w).
    """

    inputs: Tensor

    @property
    def views(self) -> int:
        """V."""
        return self.inputs.shape[0]

    def pixels(self) -> Tensor:
        """(C, V * t, h, w), uint8."""
        return self.inputs.transpose(0, 1).flatten(1, -3).contiguous()

    def render(self, pixels: Tensor, views: Sequence[int] | None = None) -> Tensor:
        """Undo :meth:`pixels`."""
        inner = self.inputs.shape[2:-2]
        split = pixels.reshape(pixels.shape[0], self.views, *inner, *pixels.shape[2:])
        found = split.transpose(0, 1)
        if views is None:
            return found
        if isinstance(views, range) and views.step == 1:
            # No copy.
            return found[views.start : views.stop]
        return found[list(views)]

    def seen(self) -> Tensor:
        """Every view its own frames."""
        frames = self.inputs.shape[2] if self.inputs.dim() == 5 else 1
        own = torch.eye(self.views, dtype=torch.bool)
        return own.repeat_interleave(frames, dim=1)

    @property
    def signature(self) -> tuple[object, ...]:
        """The input shape."""
        return tuple(self.inputs.shape)


@dataclass(frozen=True)
class VideoLayout(Layout):
    """``space='video'``: one perturbation per physical frame, gathered into the views.

    Attributes:
        canvas: (C, T, H, W), uint8, the distinct sampled frames after Resize.
        frame_indices: (T,) their indices in the video.
        windows: (L, 4) canvas frame, top, left, mirrored, per image of the views.
        size: (h, w) of a view.
        order: (V,) or (V, t): which window fills which place of the input.
        total_frames: Length of the video.
    """

    canvas: Tensor
    frame_indices: Tensor
    windows: Tensor
    size: tuple[int, int]
    order: Tensor
    total_frames: int

    @property
    def views(self) -> int:
        """V."""
        return self.order.shape[0]

    def pixels(self) -> Tensor:
        """The canvas."""
        return self.canvas

    def render(self, pixels: Tensor, views: Sequence[int] | None = None) -> Tensor:
        """Gather windows; windows at the same place are cut together."""
        order = self.order if views is None else self.order[list(views)]
        wanted = self.windows[order.flatten()]
        places, group = torch.unique(wanted[:, 1:], dim=0, return_inverse=True)
        height, width = self.size
        cut, origin = [], []
        for number, (top, left, mirrored) in enumerate(places.tolist()):
            members = (group == number).nonzero().squeeze(1)
            frames = wanted[members, 0].to(pixels.device)
            window = pixels[:, :, top : top + height, left : left + width]
            window = window.index_select(1, frames)
            cut.append(window.flip(-1) if mirrored else window)
            origin.append(members)
        back = torch.argsort(torch.cat(origin)).to(pixels.device)
        flat = torch.cat(cut, dim=1).index_select(1, back)
        shaped = flat.reshape(pixels.shape[0], *order.shape, height, width)
        return shaped.transpose(0, 1)

    def seen(self) -> Tensor:
        """The frames that a view's windows are cut from."""
        frames = self.windows[self.order.reshape(self.views, -1), 0]
        empty = torch.zeros(self.views, self.canvas.shape[1], dtype=torch.bool)
        return empty.scatter_(1, frames, True)

    @property
    def signature(self) -> tuple[object, ...]:
        """Canvas and input shapes."""
        return (*self.canvas.shape, *self.order.shape, *self.size)


def one_view(model: Any, pixels: Tensor) -> ViewLayout:
    """The layout of bare pixels (C, T, h, w), which are one view as the model takes it."""
    preprocessor = getattr(model, 'data_preprocessor', None)
    if getattr(preprocessor, 'format_shape', 'NCTHW') == 'NCHW':
        # Every frame is an image of its own to a 2-D recogniser.
        return ViewLayout(pixels.detach().transpose(0, 1))
    return ViewLayout(pixels.detach()[None])
