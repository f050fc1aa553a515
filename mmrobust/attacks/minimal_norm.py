"""What attacks share that look for the smallest perturbation, not for the best of a given size.

Shapes: N samples, C channels, T frames, H, W pixels, K outputs; values 0..255.
"""

import copy
import math
from abc import abstractmethod
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from mmrobust.attacks.base import Attack
from mmrobust.functional.checks import require, whole
from mmrobust.functional.norms import expand_to, linf_norm
from mmrobust.functional.randomness import SampleRandom
from mmrobust.goals import BoundGoal
from mmrobust.goals.classes import ClassGoal
from mmrobust.threats import L2, Linf, Threat
from mmrobust.threats.masks import Masked, ball_of
from mmrobust.victims.counting import CountingVictim

# Beyond the border that a linear victim would have, for values 0..1; DeepFool's official code's.
BEYOND = 1e-4
# In all norms, and on the longest clip, further than any change.
ANYWHERE = 1e12


@dataclass
class Best:
    """The best points so far.

    Attributes:
        pixels: (N, C, T, H, W), the smallest winner; of what never won the point of the
            largest objective.
        length: (N,), of the winner, in the threat's norm; infinite where nothing won.
        objective: (N,), the largest where nothing won.
    """

    pixels: Tensor
    length: Tensor
    objective: Tensor


@dataclass
class Search:
    """Samples at work, and where the best of them is kept.

    Attributes:
        victim: Of the samples.
        goal: Bound to them.
        clean: (N, C, T, H, W).
        best: Of all samples that the attack was given.
        rows: (N,), where these samples are among those.
    """

    victim: CountingVictim
    goal: BoundGoal
    clean: Tensor
    best: Best
    rows: Tensor

    def select(self, rows: Tensor) -> 'Search':
        """Some of the samples; their best is kept where it was."""
        victim, goal = self.victim.select(rows), self.goal.select(rows)
        return Search(victim, goal, self.clean[rows], self.best, self.rows[rows])

    def length(self) -> Tensor:
        """(N,), of the smallest winners, infinite where there is none."""
        return self.best.length[self.rows]


@dataclass
class Look:
    """What the victim says where the samples stand, as they would be saved.

    Attributes:
        pixels: (N, C, T, H, W), a leaf.
        outputs: (N, K), differentiable in it.
        won: (N,) bool, whether it succeeds.
    """

    pixels: Tensor
    outputs: Tensor
    won: Tensor


def with_ball(threat: Threat, ball: Threat) -> Threat:
    """The same masks round another ball."""
    if isinstance(threat, Masked):
        return replace(threat, threat=with_ball(threat.threat, ball))
    return ball


def annealed(first: float, last: float, step: int, steps: int) -> float:
    """From ``first`` down to ``last`` along half a cosine."""
    return last + (first - last) * (1 + math.cos(math.pi * step / steps)) / 2


@dataclass(eq=False)
class MinimalNorm(Attack):
    """Looks for the smallest perturbation that succeeds; the budget is where it gives up.

    The victim is always shown what would be saved: rounded to its grid, inside threat and
    bounds. What succeeds so is a winner, and the smallest is returned; at the end it is drawn
    towards the clean pixels by bisection, for l_inf in whole levels, for l_0 in units. Its length
    in the threat's norm is the measure ``eps_star``, which a sample without a winner lacks: of
    that the point of the largest objective is returned. A variant writes ``search``.

    Lengths that papers give for values 0..1 are in units of the victim's range of values
    (``victim.bounds``): 255 grey levels.

    Args:
        threat: What may be changed, and by how much at most; default ``L2(eps=1000)``.
        goal: See :class:`~mmrobust.attacks.base.Attack`.
        steps: Steps, >= 1; each sample takes them all, for a smaller one may be found yet.
        refinements: Bisections at the end, >= 0; each is one forward.

    Attributes:
        balls: Threats whose norm the attack minimises.
    """

    balls: ClassVar[tuple[type[Threat], ...]] = (L2,)

    #: What tests build it with, and with what it must find all that is there to find.
    example: ClassVar[dict[str, Any]] = {'steps': 25}
    thorough: ClassVar[dict[str, Any]] = {'steps': 100}

    threat: Threat = field(default_factory=L2)
    _: KW_ONLY
    steps: int = 100
    refinements: int = 8

    def __post_init__(self) -> None:
        self.threat = self.balls[0]() if self.threat is None else self.threat
        super().__post_init__()
        norms = ' or '.join(ball.__name__ for ball in self.balls)
        rule = f'{norms}, masked or not, for {type(self).__name__}'
        require(isinstance(ball_of(self.threat), self.balls), 'threat', rule, self.threat)
        require(whole(self.steps, 1), 'steps', 'a whole number >= 1', self.steps)
        require(whole(self.refinements, 0), 'refinements', 'a whole number >= 0', self.refinements)
        self._l2 = with_ball(self.threat, L2())

    @property
    def stops(self) -> str:
        """Of all that succeed the smallest is kept."""
        return 'smallest success'

    @abstractmethod
    def search(self, search: Search) -> None:
        """Look at points; ``look`` and ``offer`` keep the best."""

    def run(
        self, victim: CountingVictim, pixels: Tensor, goal: BoundGoal, rng: SampleRandom
    ) -> Tensor:
        """The smallest winners; clean pixels where the budget is below the least step."""
        # In no norm is a change smaller than the change of one value; l_0 counts those.
        least = 1.0 if self.threat.counts else victim.grid_step or 0.0
        if self.threat.eps * (1 + 1e-9) < least or not self.threat.eps:
            return pixels
        none = torch.full((len(pixels),), torch.inf, dtype=torch.float64, device=pixels.device)
        best = Best(pixels.clone(), none, -none)
        search = Search(victim, goal, pixels, best, torch.arange(len(pixels)))
        self.search(search)
        self._refine(search)
        for row in best.length.isfinite().nonzero().squeeze(1).tolist():
            measures = victim.counters.measures[int(victim.rows[row])]
            measures['eps_star'] = float(best.length[row])
        return best.pixels

    def look(self, search: Search, pixels: Tensor) -> Look:
        """Show the victim the pixels, rounded; what wins is kept."""
        leaf = self.rounded(pixels, search.clean, search.victim).detach().requires_grad_()
        outputs = search.victim(leaf)
        judged = outputs.detach() if search.victim.success_on is None else None
        return Look(leaf, outputs, self.offer(search, leaf.detach(), judged))

    def offer(self, search: Search, rounded: Tensor, outputs: Tensor | None = None) -> Tensor:
        """Keep the points that are better than the best, and say which succeed (N,).

        Args:
            search: The samples.
            rounded: (N, C, T, H, W), as they would be saved.
            outputs: There, if known, of the victim that decides on success.
        """
        outputs = search.victim.verdict(rounded) if outputs is None else outputs
        best, rows = search.best, search.rows.to(rounded.device)
        length = self.threat.distance(rounded, search.clean).double()
        moved = length > 0
        won = search.goal.success(outputs).to(moved.device) & moved
        value = search.goal.objective(outputs).to(length)
        value = value.nan_to_num(-torch.inf, -torch.inf, -torch.inf).where(moved, -torch.inf)
        shorter = won & (length < best.length[rows])
        nearer = ~won & best.length[rows].isinf() & (value > best.objective[rows])
        kept = rows[shorter | nearer]
        best.pixels[kept] = rounded[shorter | nearer]
        best.length[rows[shorter]] = length[shorter]
        best.objective[rows[nearer]] = value[nearer]
        return won

    def within(self, pixels: Tensor, clean: Tensor, lengths: Tensor) -> Tensor:
        """Projected onto balls (N,) of different size, in the threat's norm."""
        sizes = lengths.clamp(max=self.threat.eps).tolist()
        balls = [self.threat.resized(size) for size in sizes]
        rows = zip(balls, pixels.split(1), clean.split(1), strict=True)
        return torch.cat([ball.project(one, other) for ball, one, other in rows])

    def unit(self, search: Search, gradient: Tensor) -> Tensor:
        """The gradient inside the masks at Euclidean length 1; none raises a flag."""
        found = self._l2.steepest(gradient)
        search.victim.flag('zero_gradient', linf_norm(found) == 0)
        return found

    def unbounded(self, search: Search) -> tuple[Self, Search]:
        """The same attack and search where any distance will do, with a best of their own."""
        anywhere = copy.copy(self)
        anywhere.threat = self.threat.resized(ANYWHERE)
        none = torch.full_like(search.length(), torch.inf)
        best = Best(search.clean.clone(), none, -none)
        return anywhere, replace(search, best=best, rows=torch.arange(len(none)))

    @staticmethod
    def width(search: Search) -> float:
        """The range of values, 1 in papers."""
        low, high = search.victim.bounds
        return high - low

    @staticmethod
    def inside(search: Search, delta: Tensor) -> Tensor:
        """The perturbation, cut where pixels would leave their bounds."""
        return (search.clean + delta).clamp(*search.victim.bounds) - search.clean

    def _refine(self, search: Search) -> None:
        """Draw winners towards the clean pixels, as long as they win."""
        low, step = torch.zeros_like(search.best.length), search.victim.grid_step
        levels = step if isinstance(ball_of(self.threat), Linf) else None
        levels = 1.0 if self.threat.counts else levels
        for _ in range(self.refinements):
            high = search.best.length.clone()
            aim = (low + high) / 2
            if levels is not None:
                aim = (aim / levels + 1e-6).floor() * levels
            rows = (high.isfinite() & (aim > low)).nonzero().squeeze(1).cpu()
            if not len(rows):
                return
            part, at = search.select(rows), rows.to(aim.device)
            there = self.within(search.best.pixels[at], part.clean, aim[at])
            self.offer(part, self.rounded(there, part.clean, part.victim))
            low[at] = low[at].where(search.best.length[at] < high[at], aim[at])


def with_border(goal: BoundGoal) -> BoundGoal:
    """A goal of classes with the margin, which is zero on the border; any other as it is."""
    return goal.with_loss('margin') if isinstance(goal.goal, ClassGoal) else goal


def stretched(delta: Tensor, lengths: Tensor) -> Tensor:
    """Perturbations at given Euclidean lengths (N,); zero stays zero."""
    return expand_to(lengths.to(delta), delta) * L2().steepest(delta)
