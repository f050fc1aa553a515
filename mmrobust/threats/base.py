"""The threat model: a set of allowed pixels round the clean ones.

Shapes: N samples, C channels, T frames, H, W pixels; values 0..255.
"""

from abc import ABC, abstractmethod
from dataclasses import replace
from math import isfinite
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.functional.describe import describe_fields
from mmrobust.functional.randomness import SampleRandom


class Threat(ABC):
    """A ball of radius ``eps`` round the clean pixels, perhaps masked.

    A new norm is a new subclass; no attack changes for it. ``eps`` is in the
    norm's own unit, on pixels 0..255.

    Attributes:
        counts: Whether it counts what changes and leaves open by how much. Such a threat needs
            a victim whose values have bounds, and an attack that takes no steps of a length.
        each: Whether ``eps`` bounds each value, or joint, on its own, however many there are.
        bounded: Whether there is a budget at all.
    """

    counts: ClassVar[bool] = False
    each: ClassVar[bool] = False
    bounded: ClassVar[bool] = True

    eps: float

    @abstractmethod
    def random(self, pixels: Tensor, rng: SampleRandom) -> Tensor:
        """A random member of the ball round ``pixels`` (N, ...)."""

    @abstractmethod
    def steepest(self, gradient: Tensor) -> Tensor:
        """The step of norm 1 along which a linear loss grows fastest."""

    @abstractmethod
    def project(self, candidate: Tensor, pixels: Tensor) -> Tensor:
        """The member of the ball round ``pixels`` next to ``candidate``."""

    def project_inside(
        self, candidate: Tensor, pixels: Tensor, bounds: tuple[float, float]
    ) -> Tensor:
        """A member of ball and range of values near ``candidate``.

        Clamping a member of the ball is the nearest for l_inf and a near one for l_2; where it
        wastes budget, a norm has more to say.

        Args:
            candidate: (N, ...).
            pixels: (N, ...), inside the bounds.
            bounds: Least and largest value.
        """
        return self.project(candidate, pixels).clamp(*bounds)

    def steepest_inside(
        self, gradient: Tensor, pixels: Tensor, bounds: tuple[float, float], lengths: Tensor
    ) -> Tensor:
        """The steepest step of norm 1 that, at its length, does not leave the range of values.

        Where all values change, clamping does as well. A norm whose steps change few of them
        goes on with others instead of wasting its length on those that are at their end.

        Args:
            gradient: (N, ...).
            pixels: (N, ...), where the samples stand.
            bounds: Least and largest value.
            lengths: (N,), what the step will be multiplied by, > 0.
        """
        return self.steepest(gradient)

    def where_allowed(self, values: Tensor) -> Tensor:
        """``values`` (N, ...), zero where a mask forbids any change."""
        return values

    @abstractmethod
    def quantize(self, candidate: Tensor, pixels: Tensor) -> Tensor:
        """``candidate`` rounded to whole grey levels, still inside the ball.

        Args:
            candidate: (N, ...), inside the ball and in 0..255.
            pixels: (N, ...), whole grey levels.
        """

    def on_grid(self, candidate: Tensor, pixels: Tensor, step: float) -> Tensor:
        """``candidate`` whole steps from ``pixels``, still inside the ball.

        Args:
            candidate: (N, ...), inside the ball.
            pixels: (N, ...), any values; whole grey levels where ``step`` is one.
            step: The least step of a value, > 0.
        """
        if step == 1:
            return self.quantize(candidate, pixels)
        # The last factor: eps is often meant to be a whole number of steps.
        steps = self.resized(self.eps / step * (1 + 1e-9))
        return pixels + step * steps.quantize((candidate - pixels) / step, torch.zeros_like(pixels))

    @abstractmethod
    def distance(self, candidate: Tensor, pixels: Tensor) -> Tensor:
        """The norm of the difference per sample (N,); infinite outside a mask."""

    def resized(self, eps: float) -> Self:
        """The same threat with another ``eps``."""
        return replace(self, eps=eps)  # type: ignore[type-var]

    def check(self, pixels: Tensor) -> None:  # noqa: B027
        """Raise ValueError if this threat does not fit pixels of this shape."""

    def check_range(self, pixels: Tensor, bounds: tuple[float, float]) -> None:
        """Raise ValueError for a budget that allows any values at all: it is no threat model.

        Args:
            pixels: (N, ...), of the shape that is attacked.
            bounds: Least and largest value of the victim's pixels.
        """
        low, high = bounds
        rule = 'one of a norm for a victim whose values have no bounds'
        require(isfinite(high - low) or not self.counts, 'threat', rule, self)
        # In no norm of lengths is a change smaller than its largest value.
        small = not self.counts and self.eps <= high - low
        if small or not len(pixels):
            return
        most = self.longest(pixels, bounds)
        all_of_it = (
            'all that a sample has' if self.counts else 'from one end of the values to the other'
        )
        rule = f'at most {most:g}, {all_of_it}'
        require(self.eps <= most * (1 + 1e-6), 'threat.eps', rule, self.eps)

    def longest(self, pixels: Tensor, bounds: tuple[float, float]) -> float:
        """The ``eps`` from which on a sample (N, ...) may become any other within ``bounds``."""
        low, high = bounds
        darkest = torch.full_like(pixels[:1], low)
        # In no norm that there is for threats is a change longer than all its values together.
        free = self.resized((high - low) * darkest.numel())
        reached = free.project(torch.full_like(darkest, high), darkest)
        return float(free.distance(reached, darkest)[0])

    def describe(self) -> dict[str, Any]:
        """The options, as a config would give them."""
        return describe_fields(self)
