"""Threats that reach only some frames or some pixels, in any norm."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import torch
from torch import Tensor

from mmrobust.functional.checks import require, whole
from mmrobust.functional.randomness import SampleRandom
from mmrobust.registry import THREATS
from mmrobust.threats.base import Threat
from mmrobust.threats.linf import Linf


@dataclass(frozen=True)
class Masked(Threat):
    """A threat whose perturbation is zero outside a mask.

    The mask acts before the norm, so that an l_2 step of unit length has unit
    length inside the mask.

    Args:
        threat: The ball inside the mask.
    """

    threat: Threat = field(default_factory=Linf)

    def __post_init__(self) -> None:
        require(isinstance(self.threat, Threat), 'threat', 'a threat', self.threat)

    @property
    def eps(self) -> float:  # type: ignore[override]
        """The budget of the ball inside the mask."""
        return self.threat.eps

    @property
    def counts(self) -> bool:  # type: ignore[override]
        """As the ball inside the mask."""
        return self.threat.counts

    @property
    def each(self) -> bool:  # type: ignore[override]
        """As the ball inside the mask."""
        return self.threat.each

    @property
    def bounded(self) -> bool:  # type: ignore[override]
        """As the ball inside the mask."""
        return self.threat.bounded

    @abstractmethod
    def mask(self, pixels: Tensor) -> Tensor:
        """True where change is allowed; broadcasts against ``pixels``."""

    def _masked(self, candidate: Tensor, pixels: Tensor) -> Tensor:
        return torch.where(self.mask(pixels), candidate, pixels)

    def _cut(self, values: Tensor) -> Tensor:
        return self._masked(values, torch.zeros_like(values))

    def random(self, pixels: Tensor, rng: SampleRandom) -> Tensor:
        """A random member of the ball, cut to the mask."""
        return self._masked(self.threat.random(pixels, rng), pixels)

    def steepest(self, gradient: Tensor) -> Tensor:
        """The steepest step among those inside the mask."""
        return self.threat.steepest(self._cut(gradient))

    def project(self, candidate: Tensor, pixels: Tensor) -> Tensor:
        """Undo changes outside the mask, then project onto the ball."""
        return self.threat.project(self._masked(candidate, pixels), pixels)

    def project_inside(
        self, candidate: Tensor, pixels: Tensor, bounds: tuple[float, float]
    ) -> Tensor:
        """Likewise, onto ball and range of values."""
        return self.threat.project_inside(self._masked(candidate, pixels), pixels, bounds)

    def steepest_inside(
        self, gradient: Tensor, pixels: Tensor, bounds: tuple[float, float], lengths: Tensor
    ) -> Tensor:
        """The steepest step among those inside mask and range of values."""
        return self.threat.steepest_inside(self._cut(gradient), pixels, bounds, lengths)

    def where_allowed(self, values: Tensor) -> Tensor:
        """Zero outside this mask and those inside it."""
        return self.threat.where_allowed(self._cut(values))

    def quantize(self, candidate: Tensor, pixels: Tensor) -> Tensor:
        """Round inside the mask."""
        return self.threat.quantize(self._masked(candidate, pixels), pixels)

    def on_grid(self, candidate: Tensor, pixels: Tensor, step: float) -> Tensor:
        """Whole steps inside the mask."""
        return self.threat.on_grid(self._masked(candidate, pixels), pixels, step)

    def distance(self, candidate: Tensor, pixels: Tensor) -> Tensor:
        """The norm inside the mask; infinite for a change outside (N,)."""
        outside = (self._masked(candidate, pixels) != candidate).flatten(1).any(dim=1)
        return self.threat.distance(candidate, pixels).masked_fill(outside, torch.inf)

    def resized(self, eps: float) -> Self:
        """The same mask round a ball of another ``eps``."""
        return replace(self, threat=self.threat.resized(eps))

    def check(self, pixels: Tensor) -> None:
        """Build the mask once, which raises where it does not fit."""
        self.threat.check(pixels)
        mask, name = self.mask(pixels), f'{type(self).__name__}.mask()'
        truths = isinstance(mask, Tensor) and mask.dtype == torch.bool
        kind = mask.dtype if isinstance(mask, Tensor) else type(mask).__name__
        require(truths, name, 'a tensor of true and false', kind)
        shapes = tuple(mask.shape), tuple(pixels.shape)
        fits = len(shapes[0]) <= len(shapes[1]) and all(
            one in (1, other) for one, other in zip(shapes[0][::-1], shapes[1][::-1], strict=False)
        )
        require(fits, name, f'of a shape that broadcasts to {shapes[1]}', shapes[0])


def ball_of(threat: Threat) -> Threat:
    """The ball inside all masks."""
    return ball_of(threat.threat) if isinstance(threat, Masked) else threat


@THREATS.register_module()
@dataclass(frozen=True)
class FrameMask(Masked):
    """Only the named frames may change.

    Args:
        threat: The ball inside the frames.
        frames: Indices into the T axis of (N, C, T, H, W), each below T. In
            ``space='video'`` T counts the distinct frames that the test
            pipeline samples, in order of time.
    """

    frames: Sequence[int] = (0,)

    def __post_init__(self) -> None:
        super().__post_init__()
        rule = 'a list of indices >= 0'
        require(isinstance(self.frames, Sequence), 'frames', rule, self.frames)
        indices = all(whole(f, 0) for f in self.frames)
        require(bool(self.frames) and indices, 'frames', rule, self.frames)

    def mask(self, pixels: Tensor) -> Tensor:
        """(T, 1, 1), True at the named frames."""
        require(pixels.dim() == 5, 'pixels', 'a clip (N, C, T, H, W)', tuple(pixels.shape))
        length = pixels.shape[2]
        require(max(self.frames) < length, 'frames', f'below the {length} frames', self.frames)
        mask = torch.zeros(length, 1, 1, dtype=torch.bool, device=pixels.device)
        mask[list(self.frames)] = True
        return mask


@THREATS.register_module()
@dataclass(frozen=True)
class PixelMask(Masked):
    """Only pixels inside a rectangle may change, in every frame.

    Args:
        threat: The ball inside the rectangle.
        box: (top, left, bottom, right) in pixels of the attacked frame,
            bottom and right exclusive.
    """

    box: Sequence[int] = (0, 0, 32, 32)

    def __post_init__(self) -> None:
        super().__post_init__()
        rule = '(top, left, bottom, right), whole, with 0 <= top < bottom and 0 <= left < right'
        four = isinstance(self.box, Sequence) and len(self.box) == 4
        require(four and all(whole(edge) for edge in self.box), 'box', rule, self.box)
        top, left, bottom, right = self.box
        require(0 <= top < bottom and 0 <= left < right, 'box', rule, self.box)

    def mask(self, pixels: Tensor) -> Tensor:
        """(H, W), True inside the rectangle."""
        height, width = pixels.shape[-2:]
        top, left, bottom, right = self.box
        inside = bottom <= height and right <= width
        require(inside, 'box', f'inside the {height} x {width} frame', tuple(self.box))
        mask = torch.zeros(height, width, dtype=torch.bool, device=pixels.device)
        mask[top:bottom, left:right] = True
        return mask
