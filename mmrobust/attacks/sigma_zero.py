"""Sigma-zero (Cina et al. 2024, arXiv:2402.01879): l_0 made smooth, and small changes undone.

Shapes: N samples, C channels, T frames, H, W pixels, U units of a sample; values 0..255.
"""

from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from mmrobust.attacks.ascent import ascent
from mmrobust.attacks.minimal_norm import MinimalNorm, Search, annealed, with_border
from mmrobust.functional.adam import Adam
from mmrobust.functional.checks import finite, require
from mmrobust.functional.counting import of_units, size_of_unit, sums_of_units
from mmrobust.functional.norms import expand_to, linf_norm
from mmrobust.registry import ATTACKS
from mmrobust.threats import L0, Threat
from mmrobust.threats.masks import ball_of


@ATTACKS.register_module()
@dataclass(kw_only=True, eq=False)
class SigmaZero(MinimalNorm):
    """Adam on the margin plus a smooth count of what changed; what changed little is undone.

    A unit (value, pixel or frame, as the threat counts) weighs r^2 / (r^2 + sigma), r the root
    mean square of its change. After each step units with r below a threshold are set
    back to zero; the threshold grows while the sample succeeds and falls while it does not. It
    looks outside the budget, too: of what was found there the largest changes are kept.

    Source: Cina, Villani, Pintor, Schoenherr, Biggio and Pelillo 2024, arXiv:2402.01879.

    Official setting: 1,000 steps, learning rate 1 down to 0.1 along half a cosine, sigma 0.001,
    threshold 0.3 and its change 0.01 times the learning rate, values 0..1 (here: times the
    victim's range of values, or the threat's limit); values are counted.
    Deviations: pixels and frames by the root mean square over their values; of a goal that is
    none of classes the objective is followed until it succeeds; the victim is shown rounded
    pixels; bisection over the number of units at the end.

    Args:
        threat: What may be changed, and how much at most: l_0; default ``L0(eps=100)``.
        goal: What counts as success; default the victim's own. Of classes the margin is
            followed, whatever its loss.
        steps: Steps, >= 1.
        refinements: Bisections at the end, >= 0.
        step_size: First learning rate, > 0, in ranges of values.
        last_step_size: Last, > 0, likewise.
        sigma: Square of a change, in ranges of values, that counts for half, > 0.
        threshold: Below which a unit is set back at first, in ranges of values, in [0, 1].
        change: Of the threshold with each step, a share of the learning rate, > 0.
    """

    balls: ClassVar[tuple[type[Threat], ...]] = (L0,)
    counts: ClassVar[bool] = True

    threat: Threat = field(default_factory=L0)
    step_size: float = 1.0
    last_step_size: float = 0.1
    sigma: float = 0.001
    threshold: float = 0.3
    change: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ('step_size', 'last_step_size', 'sigma', 'change'):
            value = getattr(self, name)
            require(finite(value) and value > 0, name, 'a finite number > 0', value)
        inside = finite(self.threshold) and 0 <= self.threshold <= 1
        require(inside, 'threshold', 'a number in [0, 1]', self.threshold)
        ball = ball_of(self.threat)
        assert isinstance(ball, L0)
        self._unit, self._limit = ball.unit, ball.limit

    def usual_name(self) -> str:
        """As in its paper."""
        return 'sigma-zero'

    def search(self, search: Search) -> None:
        """Without regard to the budget; what was smallest is brought inside."""
        anywhere, own = self.unbounded(search)
        anywhere.descend(own)
        self.offer(search, self.rounded(own.best.pixels, search.clean, search.victim))

    def descend(self, search: Search) -> None:
        """All steps."""
        clean, aim, scale = search.clean, with_border(search.goal), self.width(search)
        scale = scale if self._limit is None else min(scale, self._limit)
        delta, adam = torch.zeros_like(clean), Adam.like(clean)
        least = torch.full_like(clean.flatten(1)[:, 0], self.threshold)
        allowed = self._l2.steepest(torch.ones_like(clean)) > 0
        for step in range(self.steps):
            look = self.look(search, clean + scale * delta)
            gradient = ascent(search.victim, look.pixels, look.outputs, aim) * allowed
            rising = ~look.won
            flat = rising & ~gradient.flatten(1).any(dim=1)
            search.victim.flag('zero_gradient', flat)
            slope = self._sparsity(delta) - scale * gradient * expand_to(rising, gradient)
            most = expand_to(linf_norm(slope), slope)
            way = adam.step(slope / most.where(most > 0, 1.0))
            length = annealed(self.step_size, self.last_step_size, step, self.steps)
            delta = (delta + length * way).clamp(-1, 1)
            delta = self.inside(search, scale * delta) / scale
            sign = 1 - 2 * rising.to(least)
            least = (least + self.change * length * sign).clamp(0, 1)
            delta = self._without_small(delta, least)
        self.offer(search, self.rounded(clean + scale * delta, clean, search.victim))

    def _sparsity(self, delta: Tensor) -> Tensor:
        """Gradient (N, ...) of the mean over units of r^2 / (r^2 + sigma)."""
        square = self._squares(delta)
        slope = 2 * self.sigma / (square + self.sigma).square() / square.shape[1]
        slope = slope / size_of_unit(delta, self._unit)
        return of_units(slope, delta, self._unit) * delta

    def _without_small(self, delta: Tensor, least: Tensor) -> Tensor:
        """Zero at the units whose root mean square is below the sample's threshold (N,)."""
        kept = self._squares(delta).sqrt() >= least[:, None]
        return delta * of_units(kept.to(delta), delta, self._unit)

    def _squares(self, delta: Tensor) -> Tensor:
        """Mean squares (N, U) of the units' changes."""
        return sums_of_units(delta.square(), self._unit) / size_of_unit(delta, self._unit)
