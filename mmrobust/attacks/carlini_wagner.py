"""C&W (Carlini and Wagner 2017, arXiv:1608.04644): length and margin in one loss, in l_2.

Shapes: N samples, C channels, T frames, H, W pixels; values 0..255.
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from mmrobust.attacks.ascent import ascent
from mmrobust.attacks.minimal_norm import Look, MinimalNorm, Search, with_border
from mmrobust.functional.adam import Adam
from mmrobust.functional.checks import finite, require, whole
from mmrobust.functional.norms import expand_to
from mmrobust.goals import BoundGoal
from mmrobust.goals.classes import ClassGoal
from mmrobust.registry import ATTACKS

# Largest share of the way to an end of the range at which a value may begin: beyond, tanh is flat.
END = 1 - 1e-6
# Factor of the weight as long as nothing succeeded.
GROWTH = 10.0


@ATTACKS.register_module()
@dataclass(kw_only=True, eq=False)
class CarliniWagner(MinimalNorm):
    """Adam on the squared length plus a weight times the margin, for weight after weight.

    Values are written as tanh of what Adam changes, so that the range of values holds of itself.
    The weight grows tenfold until a sample succeeds, and is bisected from then on, for each
    sample by itself; each run begins anew.

    Source: Carlini and Wagner 2017, arXiv:1608.04644, the attack in l_2 with its loss f6.

    Official setting: 9 weights from 0.001, 10,000 steps each, learning rate 0.01, confidence 0,
    values 0..1 (here: lengths in ranges of values).
    Deviations: 100 steps; no run is broken off (the official code breaks off by the sum of the
    batch's losses); it looks outside the budget, too, and what was smallest is brought inside,
    and the last point; of a goal that is none of classes the objective is followed until it
    succeeds; the victim is shown rounded pixels, and steps add up unrounded; bisection of the
    length at the end.

    Args:
        threat: What may be changed, and by how much at most: l_2; default ``L2(eps=1000)``.
        goal: What counts as success; default the victim's own. Of classes the margin is
            followed, whatever its loss.
        steps: Steps for each weight, >= 1.
        refinements: Bisections at the end, >= 0.
        searches: How many weights, >= 1.
        step_size: Adam's learning rate, > 0.
        weight: The first, > 0.
        confidence: Margin up to which the objective is followed, >= 0, in units of the scores.
    """

    #: What tests build it with.
    example: ClassVar[dict[str, Any]] = {'steps': 25, 'searches': 7}
    thorough: ClassVar[dict[str, Any]] = {'steps': 50, 'searches': 7}

    searches: int = 9
    step_size: float = 0.01
    weight: float = 0.001
    confidence: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require(whole(self.searches, 1), 'searches', 'a whole number >= 1', self.searches)
        for name in ('step_size', 'weight'):
            value = getattr(self, name)
            require(finite(value) and value > 0, name, 'a finite number > 0', value)
        least = finite(self.confidence) and self.confidence >= 0
        require(least, 'confidence', 'a finite number >= 0', self.confidence)

    def usual_name(self) -> str:
        """As the field calls it."""
        return 'C&W'

    def search(self, search: Search) -> None:
        """Weight after weight, without regard to the budget."""
        rule = 'one whose values have bounds for CarliniWagner'
        require(math.isfinite(self.width(search)), 'victim', rule, search.victim.bounds)
        anywhere, own = self.unbounded(search)
        weight = torch.full_like(own.length(), self.weight)
        low, high = torch.zeros_like(weight), torch.full_like(weight, torch.inf)
        for _ in range(self.searches):
            won, last = anywhere.one_weight(own, weight)
            high = torch.minimum(high, weight).where(won, high)
            low = low.where(won, torch.maximum(low, weight))
            weight = ((low + high) / 2).where(high.isfinite(), weight * GROWTH)
        # The last point, which is not rounded, keeps a direction that equal levels lose.
        for found in (own.best.pixels, last):
            self.offer(search, self.rounded(found, search.clean, search.victim))

    def one_weight(self, search: Search, weight: Tensor) -> tuple[Tensor, Tensor]:
        """All steps for weights (N,): whether any of them succeeded (N,), and the last point."""
        clean, (low, high), width = search.clean, search.victim.bounds, self.width(search)
        start = torch.atanh(END * (2 * (clean - low) / width - 1))
        # What the clean values lose at the ends is no change of the attacker's.
        lost = clean - (low + width * (torch.tanh(start) + 1) / 2)
        allowed = self._l2.steepest(torch.ones_like(clean)) > 0
        free, adam, aim = start, Adam.like(start), with_border(search.goal)
        there, won = clean, torch.zeros(len(clean), dtype=torch.bool, device=clean.device)
        for _ in range(self.steps):
            look = self.look(search, there)
            won = won | look.won
            gradient = ascent(search.victim, look.pixels, look.outputs, aim) * allowed
            pulled = self._pulled(look, aim)
            search.victim.flag('zero_gradient', pulled & ~gradient.flatten(1).any(dim=1))
            pull = expand_to((weight.to(gradient) * pulled), gradient) * gradient
            slope = 2 * (there - clean) / width**2 - pull
            slope = slope * width * (1 - torch.tanh(free).square()) / 2
            free = free + self.step_size * adam.step(slope) * allowed
            there = low + width * (torch.tanh(free) + 1) / 2 + lost
            there = there.where(allowed, clean).clamp(low, high)
        return won | self.offer(search, self.rounded(there, clean, search.victim)), there

    def _pulled(self, look: Look, aim: BoundGoal) -> Tensor:
        """Which samples (N,) the objective still pulls: a margin up to the confidence."""
        if not isinstance(aim.goal, ClassGoal):
            return ~look.won
        return ~look.won | (aim.objective(look.outputs.detach()) < self.confidence)
