"""A victim that is bound to samples: raw pixels in, outputs out.

Shapes: N samples, C channels, T frames, H, W pixels, K classes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn


class BoundVictim(ABC):
    """A callable from pixels (N, C, T, H, W), 0..255, to outputs (N, K).

    It owns preprocessing, clip layout and views, and knows nothing of attacks.
    Where the N samples of a batch differ in their layout it is theirs alone;
    ``select`` gives the victim of some of them.

    Attributes:
        bounds: Least and largest value.
        dtype: Of the adversarial pixels: ``uint8``, and results are rounded to whole
            grey levels; a floating type where the input is no picture.
        grid: Of a floating ``dtype``: the least step of a value. Results lie whole steps
            from the clean values then. None: they are not rounded.
        picture: Whether the last two axes of pixels are height and width.
        settles: Whether :meth:`settled` says what an input can hold, in the place of a grid.
        charges: Whether somebody counts what it is asked: it is never asked without need.
    """

    bounds: tuple[float, float] = (0.0, 255.0)
    dtype: torch.dtype = torch.uint8
    grid: float | None = None
    picture: bool = True
    settles: bool = False
    charges: bool = False

    @abstractmethod
    def __call__(self, pixels: Tensor) -> Tensor:
        """Outputs (N, K), differentiable in ``pixels``; samples do not mix."""

    def select(self, rows: Tensor) -> BoundVictim:
        """The victim of samples ``rows``; itself where samples are alike."""
        return self

    def settled(self, pixels: Tensor, clean: Tensor) -> Tensor:
        """The nearest pixels that an input can hold, where that is more than a matter of the grid.

        Args:
            pixels: (N, ...), inside threat and bounds.
            clean: (N, ...); what is returned is in no value further from them than ``pixels``.
        """
        return pixels

    @property
    def grid_step(self) -> float | None:
        """The least step of a value: one grey level, or the ``grid``; None for any."""
        return self.grid if self.dtype.is_floating_point else 1.0

    @property
    def span(self) -> float:
        """The range of values, by which searches measure; infinite: they cannot.

        A victim whose values have no bounds may say what is a usual one.
        """
        low, high = self.bounds
        return high - low

    @property
    def model(self) -> nn.Module | None:
        """The network inside, to be frozen during an attack."""
        return None

    def incremental(self) -> AbstractContextManager[object]:
        """Inside, what unchanged frames lead to may be reused, with equal results."""
        return nullcontext()

    def clips(self) -> Sequence[Clip]:
        """The clips that a video is cut into, by time, each scored alone.

        None where clips cannot be scored apart: the video is one clip then.
        """
        return ()


@dataclass(frozen=True)
class Clip:
    """One clip of a video, scored alone.

    Attributes:
        victim: Takes the video's pixels (N, C, T, H, W), scores this clip.
        frames: (N, T) bool, the frames that the clip sees.
    """

    victim: BoundVictim
    frames: Tensor


class BoundSamples(BoundVictim):
    """A victim of N samples that lie in one tensor; a subclass writes ``__call__``.

    Args:
        owner: The victim, whose ``model`` it is.
        data_samples: What the stock batch holds of the samples, one data sample each (of a
            picture, one for each of its persons).
        layouts: Of the samples; empty where none is needed.
    """

    def __init__(
        self, owner: Any, data_samples: Sequence[Any], layouts: Sequence[Any] = ()
    ) -> None:
        self.owner, self.data_samples, self.layouts = owner, list(data_samples), list(layouts)

    @property
    def model(self) -> nn.Module:
        """The owner's."""
        model: nn.Module = self.owner.model
        return model

    def select(self, rows: Tensor) -> Self:
        """The victim of some of the samples."""
        chosen = rows.tolist()
        parts = (
            [part[i] for i in chosen] if part else [] for part in (self.data_samples, self.layouts)
        )
        return type(self)(self.owner, *parts)


class SampledFrames(BoundVictim):
    """Shown whole videos, of which the pipeline samples some frames.

    Args:
        victim: Of the sampled frames.
        frames: (t,), their indices.
    """

    def __init__(self, victim: BoundVictim, frames: Tensor) -> None:
        self.victim, self.frames = victim, frames

    def __call__(self, pixels: Tensor) -> Tensor:
        """Outputs (N, K) for videos (N, C, T, H, W)."""
        return self.victim(pixels.index_select(2, self.frames.to(pixels.device)))

    def select(self, rows: Tensor) -> SampledFrames:
        """The victim of some of the videos."""
        return SampledFrames(self.victim.select(rows), self.frames)

    @property
    def model(self) -> nn.Module | None:
        """That of the victim."""
        return self.victim.model
