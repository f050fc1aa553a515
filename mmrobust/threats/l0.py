"""The l_0 ball: few values, pixels or frames change, and these by any amount."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from mmrobust.functional.checks import finite, require
from mmrobust.functional.counting import UNITS, Unit, changed_units, of_units, sums_of_units
from mmrobust.functional.randomness import SampleRandom
from mmrobust.registry import THREATS
from mmrobust.threats.base import Threat


@THREATS.register_module()
@dataclass(frozen=True)
class L0(Threat):
    """All clips that differ in at most ``eps`` values, pixels or frames.

    Which ones is the attacker's choice; where it is to be given, a
    :class:`~mmrobust.threats.masks.FrameMask` or
    :class:`~mmrobust.threats.masks.PixelMask` round another ball does that, and round this one
    it restricts the choice.

    There is no length of a step here: attacks that take steps of one refuse this threat.

    Args:
        eps: How many may change, >= 0; a fraction counts for nothing.
        unit: What is counted: ``value``; ``pixel``, all channels at one place of one frame;
            ``frame``, of (N, C, T, H, W).
        limit: Largest change of a value, grey levels, > 0; None: any inside the range.
    """

    counts: ClassVar[bool] = True

    eps: float = 100.0
    unit: Unit = 'value'
    limit: float | None = None

    def __post_init__(self) -> None:
        require(finite(self.eps) and self.eps >= 0, 'eps', 'a finite number >= 0', self.eps)
        require(self.unit in UNITS, 'unit', f'one of {", ".join(UNITS)}', self.unit)
        limited = self.limit is None or (finite(self.limit) and self.limit > 0)
        require(limited, 'limit', 'None or a finite number > 0', self.limit)

    def random(self, pixels: Tensor, rng: SampleRandom) -> Tensor:
        """As many random units as may change, each value uniform in what the sample has.

        That is between its least and its largest value, and inside the limit.
        """
        flat = pixels.flatten(1)
        low, high = (of(flat, dim=1, keepdim=True) for of in (torch.amin, torch.amax))
        drawn = (low + (high - low) * rng.uniform_like(flat)).reshape(pixels.shape)
        order = rng.uniform_like(sums_of_units(pixels, self.unit))
        chosen = self._largest(order)
        there = self._limited(drawn - pixels)
        return pixels + there * of_units(chosen, pixels, self.unit)

    def steepest(self, gradient: Tensor) -> Tensor:
        """A level by the sign at the values of one unit: that where a level gains the most."""
        gains = sums_of_units(gradient.abs(), self.unit)
        best = torch.zeros_like(gains).scatter(1, gains.argmax(dim=1, keepdim=True), 1.0)
        return gradient.sign() * of_units(best, gradient, self.unit)

    def project(self, candidate: Tensor, pixels: Tensor) -> Tensor:
        """Keep the units where undoing the change would take the candidate furthest away."""
        return self._kept(candidate, self._limited(candidate - pixels), pixels)

    def project_inside(
        self, candidate: Tensor, pixels: Tensor, bounds: tuple[float, float]
    ) -> Tensor:
        """Likewise, when what is kept is cut at the range of values."""
        there = (pixels + self._limited(candidate - pixels)).clamp(*bounds)
        return self._kept(candidate, there - pixels, pixels).clamp(*bounds)

    def quantize(self, candidate: Tensor, pixels: Tensor) -> Tensor:
        """Round to nearest, which changes no further unit, and to no more than the limit."""
        return self.on_grid(candidate, pixels, 1.0)

    def on_grid(self, candidate: Tensor, pixels: Tensor, step: float) -> Tensor:
        """Likewise, to whole steps: their number is no matter of the budget."""
        steps = ((candidate - pixels) / step).round()
        if self.limit is not None:
            most = math.floor(self.limit / step * (1 + 1e-9))
            steps = steps.clamp(-most, most)
        there = steps if step == 1 else step * steps
        return self._kept(pixels + there, there, pixels)

    def distance(self, candidate: Tensor, pixels: Tensor) -> Tensor:
        """How many units changed (N,); infinite for a change beyond the limit."""
        delta = candidate - pixels
        count = changed_units(delta, self.unit).sum(dim=1).to(delta)
        beyond = (delta - self._limited(delta)).abs().flatten(1).amax(dim=1)
        most = 0.0 if self.limit is None else 1e-5 * self.limit
        return count.masked_fill(beyond > most, torch.inf)

    def check(self, pixels: Tensor) -> None:
        """Raise ValueError for frames of what has none."""
        clip = self.unit != 'frame' or pixels.dim() == 5
        rule = 'a clip (N, C, T, H, W) where frames are counted'
        require(clip, 'pixels', rule, tuple(pixels.shape))

    def _limited(self, delta: Tensor) -> Tensor:
        return delta if self.limit is None else delta.clamp(-self.limit, self.limit)

    def _kept(self, candidate: Tensor, delta: Tensor, pixels: Tensor) -> Tensor:
        """The allowed change ``delta`` at the units where it comes nearest to the candidate."""
        wanted = candidate - pixels
        gains = wanted.double().square() - (wanted - delta).double().square()
        changed = changed_units(delta, self.unit)
        # What did not change is never kept for a change of another sign that undoes itself.
        worth = sums_of_units(gains, self.unit).masked_fill(~changed, -torch.inf)
        kept = self._largest(worth) * changed
        return pixels.where(of_units(kept, pixels, self.unit) == 0, pixels + delta)

    def _largest(self, worth: Tensor) -> Tensor:
        """1 at the ``eps`` units (N, U) of largest worth, the first of equal ones, else 0."""
        count = min(math.floor(self.eps), worth.shape[1])
        order = worth.sort(dim=1, descending=True, stable=True).indices[:, :count]
        return torch.zeros_like(worth).scatter(1, order, 1.0)
