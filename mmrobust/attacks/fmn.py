"""FMN (Pintor et al. 2021, arXiv:2102.12827): a ball that is taken to the border, and shrinks.

Shapes: N samples, C channels, T frames, H, W pixels; values 0..255.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from mmrobust.attacks.ascent import ascent
from mmrobust.attacks.minimal_norm import Look, MinimalNorm, Search, annealed, with_border
from mmrobust.functional.checks import finite, require
from mmrobust.goals import BoundGoal
from mmrobust.goals.classes import ClassGoal
from mmrobust.registry import ATTACKS
from mmrobust.threats import L1, L2, Linf, Threat
from mmrobust.threats.masks import ball_of

# Of the first step, for values 0..1.
FIRST: dict[type[Threat], float] = {L2: 1.0, Linf: 10.0, L1: 1.0}


@ATTACKS.register_module()
@dataclass(kw_only=True, eq=False)
class FMN(MinimalNorm):
    """Steps along the gradient inside a ball whose radius follows the border.

    Source: Pintor, Roli, Brendel and Biggio 2021, arXiv:2102.12827, algorithm 1, for l_2, l_inf
    and l_1 (in l_0 :class:`~mmrobust.attacks.sigma_zero.SigmaZero` finds less). Before the first
    success the radius is the distance at which a linear victim would yield; from then on it
    shrinks by a share with each success, never above the smallest winner, and grows by one
    without. Steps go along the gradient of the margin at Euclidean length 1, in any norm; step
    length and share fall along half a cosine.

    Official setting: 100 to 1,000 steps; steps from 1 (l_inf: 10) down to 0.01, for values 0..1
    (here: times the victim's range of values, 255); share from 0.05 down to 0.001.
    Deviations: the linear distance is lengthened by the share, without which a loss that is
    concave towards the border is approached from below for ever; of a goal that is none of
    classes no border is known, and the radius begins at the budget; the radius ends there; the
    victim is shown rounded pixels, and the steps add up unrounded; the last step is looked at;
    bisection at the end.

    Args:
        threat: What may be changed, and by how much at most: l_2, l_inf or l_1; default
            ``L2(eps=1000)``.
        goal: What counts as success; default the victim's own. Of classes the margin is
            followed, whatever its loss.
        steps: Steps, >= 1.
        refinements: Bisections at the end, >= 0.
        step_size: Length of the first step, > 0, in ranges of values (255 grey levels); None
            is 1, for l_inf 10.
        last_step_size: Of the last, > 0, likewise.
        change: Share by which the radius changes with the first step, in (0, 1).
        last_change: With the last, likewise.
    """

    balls: ClassVar[tuple[type[Threat], ...]] = (L2, Linf, L1)

    step_size: float | None = None
    last_step_size: float = 0.01
    change: float = 0.05
    last_change: float = 0.001

    def __post_init__(self) -> None:
        super().__post_init__()
        ball = ball_of(self.threat)
        usual = next(first for kind, first in FIRST.items() if isinstance(ball, kind))
        self._first = usual if self.step_size is None else self.step_size
        for name, value in (('step_size', self._first), ('last_step_size', self.last_step_size)):
            require(finite(value) and value > 0, name, 'a finite number > 0', value)
        for name in ('change', 'last_change'):
            share = getattr(self, name)
            inside = finite(share) and 0 < share < 1
            require(inside, name, 'a number in (0, 1)', share)

    def usual_name(self) -> str:
        """As in its paper."""
        return 'FMN'

    def search(self, search: Search) -> None:
        """Algorithm 1, for every sample in its own ball."""
        clean, width = search.clean, self.width(search)
        aim = with_border(search.goal)
        delta = torch.zeros_like(clean)
        radius = torch.full_like(search.length(), self.threat.eps)
        for step in range(self.steps):
            look = self.look(search, clean + delta)
            gradient = ascent(search.victim, look.pixels, look.outputs, aim)
            share = annealed(self.change, self.last_change, step, self.steps)
            distance = self.threat.distance(clean + delta, clean)
            distance = distance + self._linear(aim, look, gradient)
            radius = self._radius(search, look, radius, distance, share)
            length = width * annealed(self._first, self.last_step_size, step, self.steps)
            there = clean + delta + length * self.unit(search, gradient)
            delta = self.inside(search, self.within(there, clean, radius) - clean)
        self.offer(search, self.rounded(clean + delta, clean, search.victim))

    def _radius(
        self, search: Search, look: Look, radius: Tensor, distance: Tensor, share: float
    ) -> Tensor:
        """Of the next balls (N,).

        Args:
            search: The samples.
            look: Where they stand.
            radius: Of the last balls (N,).
            distance: From the clean pixels to where a linear victim would yield (N,).
            share: By which a radius changes.
        """
        smallest = search.length()
        grown = radius * (1 + share)
        # On the border itself a victim does not yield yet.
        before = distance.to(radius) * (1 + share)
        shrunk = torch.minimum(radius * (1 - share), smallest)
        outside = grown.where(smallest.isfinite(), before)
        # Where there is no slope the distance is not known.
        found = shrunk.where(look.won, outside).nan_to_num(self.threat.eps)
        return found.clamp(max=self.threat.eps)

    def _linear(self, goal: BoundGoal, look: Look, gradient: Tensor) -> Tensor:
        """How far a linear victim's border is in the threat's norm (N,); infinite if unknown."""
        if not isinstance(goal.goal, ClassGoal):
            return torch.full_like(gradient.flatten(1)[:, 0], torch.inf)
        gap = goal.objective(look.outputs.detach()).abs().to(gradient)
        # The dual norm: what the steepest step of norm 1 gains.
        slope = (self.threat.steepest(gradient) * gradient).flatten(1).sum(dim=1)
        return gap / slope
