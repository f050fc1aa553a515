"""DeepFool (Moosavi-Dezfooli et al. 2016, arXiv:1511.04599): step by step to the nearest border.

Shapes: N samples, C channels, T frames, H, W pixels, K classes; values 0..255.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from mmrobust.attacks.minimal_norm import BEYOND, Look, MinimalNorm, Search
from mmrobust.functional.checks import finite, require, whole
from mmrobust.functional.losses import margin
from mmrobust.functional.norms import expand_to
from mmrobust.goals import BoundGoal, Goal
from mmrobust.goals.classes import ClassFacts
from mmrobust.goals.misclassify import Misclassify
from mmrobust.goals.targeted import Targeted
from mmrobust.registry import ATTACKS


@ATTACKS.register_module()
@dataclass(kw_only=True, eq=False)
class DeepFool(MinimalNorm):
    """Takes the victim for linear, steps onto the nearest class's border, and looks again.

    Source: Moosavi-Dezfooli, Fawzi and Frossard 2016, arXiv:1511.04599, algorithm 2. With
    ``projection`` SuperDeepFool (Abdollahpourrostam, Abroshan and Moosavi-Dezfooli 2023,
    arXiv:2303.12481): where a sample has crossed, its perturbation is projected
    onto the normal of the border there, and goes on until that point has crossed as well.

    Official setting: overshoot 0.02, 50 steps, all classes (the official code: the 10 of the
    largest scores).
    Deviations: steps end at the budget and at the end of the range of values, and do not go
    where a value is at its end already; the victim is shown rounded pixels; what is found is
    shortened by bisection, so that the overshoot does not stay in it; a target class is reached
    over the border to whichever class leads.

    Args:
        threat: What may be changed, and by how much at most: l_2; default ``L2(eps=1000)``.
        goal: What counts as success, by classes; its loss is not asked. Default the victim's
            own.
        steps: Linearisations, >= 1; a sample that has crossed needs no more.
        refinements: Bisections at the end, >= 0.
        candidates: Classes that are looked at, those of the largest scores, >= 1: a backward
            each.
        overshoot: Share by which the perturbation is lengthened, >= 0.
        projection: Project onto the last normal, as SuperDeepFool does.
    """

    steps: int = 50
    # Two forwards may be all the rest: there is time to be exact.
    refinements: int = 12
    candidates: int = 10
    overshoot: float = 0.02
    projection: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        require(whole(self.candidates, 1), 'candidates', 'a whole number >= 1', self.candidates)
        share = finite(self.overshoot) and self.overshoot >= 0
        require(share, 'overshoot', 'a finite number >= 0', self.overshoot)
        flag = isinstance(self.projection, bool)
        require(flag, 'projection', 'True or False', self.projection)
        self.check_goal(self.goal)

    def usual_name(self) -> str:
        """As in its paper."""
        return 'SuperDeepFool' if self.projection else 'DeepFool'

    def check_goal(self, goal: Goal) -> None:
        """Raise ValueError unless the goal is one of classes."""
        rule = 'one of classes (Misclassify, TargetClass, LeastLikely) for DeepFool'
        require(isinstance(goal, Misclassify | Targeted), 'goal', rule, goal)

    def search(self, search: Search) -> None:
        """Algorithm 2; who has crossed leaves."""
        delta = torch.zeros_like(search.clean)
        # Whether the last step was a projection.
        projected = torch.zeros(len(delta), dtype=torch.bool, device=delta.device)
        for _ in range(self.steps):
            look = self.look(search, search.clean + (1 + self.overshoot) * delta)
            stays = ~look.won | ~projected if self.projection else ~look.won
            gap, normal = self._nearest(search, look, stays)
            back = (delta * normal).flatten(1).sum(dim=1)
            ahead = gap + BEYOND * self.width(search) * normal.flatten(1).any(dim=1)
            step = delta + expand_to(ahead, normal) * normal
            delta = (expand_to(back, normal) * normal).where(expand_to(look.won, delta), step)
            delta = self.threat.project(search.clean + delta, search.clean) - search.clean
            delta, projected = self.inside(search, delta), look.won
            rows = stays.nonzero().squeeze(1).cpu()
            if not len(rows):
                return
            search, at = search.select(rows), rows.to(delta.device)
            delta, projected = delta[at], projected[at]
        there = search.clean + (1 + self.overshoot) * delta
        self.offer(search, self.rounded(there, search.clean, search.victim))

    def _nearest(self, search: Search, look: Look, stays: Tensor) -> tuple[Tensor, Tensor]:
        """Distance (N,) and unit normal (N, C, T, H, W) of the border nearest to each sample.

        Of a sample that has crossed it is the border of the class that leads.

        Args:
            search: The samples.
            look: Where they stand.
            stays: (N,), who needs to know: no gradient is taken of the others.
        """
        leads = self._leads(search.goal, look.outputs)
        gap = torch.full_like(leads[0].detach(), torch.inf).to(look.pixels)
        normal = torch.zeros_like(look.pixels)
        for rank, lead in enumerate(leads):
            asked = stays if rank == 0 else stays & ~look.won
            last = rank + 1 == len(leads)
            if not bool(asked.any()):
                break
            (slope,) = torch.autograd.grad(
                lead.where(asked, 0.0).sum(), look.pixels, retain_graph=not last
            )
            way = self._way(search, look, slope)
            unit = self._l2.steepest(way)
            size = (unit * way).flatten(1).sum(dim=1)
            far = lead.detach().abs().to(size) / size
            nearer = asked & (size > 0) & (far < gap)
            gap = far.where(nearer, gap)
            normal = unit.where(expand_to(nearer, unit), normal)
        known = gap.isfinite()
        search.victim.flag('zero_gradient', stays & ~known)
        return gap.where(known, 0.0), normal

    def _way(self, search: Search, look: Look, slope: Tensor) -> Tensor:
        """The gradient, without what is not finite or would leave the range of values."""
        search.victim.flag('not_finite', ~slope.isfinite().flatten(1).all(dim=1))
        slope, (low, high) = slope.nan_to_num(0.0, 0.0, 0.0), search.victim.bounds
        pixels = look.pixels.detach()
        stuck = ((pixels >= high) & (slope > 0)) | ((pixels <= low) & (slope < 0))
        return slope.masked_fill(stuck, 0.0)

    def _leads(self, goal: BoundGoal, outputs: Tensor) -> list[Tensor]:
        """Differences of outputs (N,) that are zero on a border, those of likely classes first."""
        assert isinstance(goal.facts, ClassFacts)
        if isinstance(goal.goal, Targeted):
            return [-margin(outputs, goal.facts.classes)]
        own = goal.facts.reference[:, None]
        others = outputs.detach().scatter(1, own, -torch.inf)
        count = min(self.candidates, outputs.shape[1] - 1)
        ranked = others.topk(count, dim=1).indices
        return list((outputs.gather(1, ranked) - outputs.gather(1, own)).unbind(dim=1))
