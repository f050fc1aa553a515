"""FAB-T (Croce and Hein 2020, arXiv:1907.02044): along the border, and never far from the clean.

Shapes: N samples, C channels, T frames, H, W pixels, K classes; values 0..255.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import torch
from torch import Tensor

from mmrobust.attacks.minimal_norm import BEYOND, Look, MinimalNorm, Search
from mmrobust.functional.checks import finite, require, whole
from mmrobust.functional.hyperplane import Norm, way_onto
from mmrobust.functional.losses import margin
from mmrobust.functional.norms import expand_to
from mmrobust.goals import Goal
from mmrobust.goals.classes import ClassFacts
from mmrobust.goals.misclassify import Misclassify
from mmrobust.goals.targeted import Targeted
from mmrobust.registry import ATTACKS
from mmrobust.threats import L1, L2, Linf, Threat
from mmrobust.threats.masks import ball_of

NORMS: dict[type[Threat], Norm] = {L1: 'l1', L2: 'l2', Linf: 'linf'}
# Outputs (N, K) -> (N,), zero on a border and above behind it.
Lead = Callable[[Tensor], Tensor]


@ATTACKS.register_module()
@dataclass(kw_only=True, eq=False)
class FAB(MinimalNorm):
    """Takes the victim for linear, and steps onto a class's border from here and from the clean.

    Each step is a mean of both: the way onto the border from where the sample stands, and the
    point of the border next to the clean pixels. A sample that has crossed is drawn towards the
    clean pixels, and goes on. It does so for each of the likeliest wrong classes in turn, from
    the clean pixels each time, and outside the budget, too: what was nearest is brought inside.

    Source: Croce and Hein 2020, arXiv:1907.02044, with the targets of Croce and Hein 2020,
    arXiv:2003.01690 (FAB-T).

    Official setting: 100 steps, overshoot 0.05, bias at most 0.1, retreat 0.9, 9 targets, one
    run of each.
    Deviations: a sample that has crossed takes its step back in the place of the next step, not
    beside it, which saves a forward each time; no restarts; the victim is shown rounded pixels,
    and the steps add up unrounded; bisection at the end; a target class is reached over
    the border to whichever class leads.

    Args:
        threat: What may be changed, and by how much at most: l_1, l_2 or l_inf; default
            ``L2(eps=1000)``.
        goal: What counts as success, by classes; its loss is not asked. Default the victim's
            own.
        steps: Steps for each target, >= 1.
        refinements: Bisections at the end, >= 0.
        targets: How many wrong classes to try, >= 1.
        overshoot: Share by which ways onto borders are lengthened, >= 0.
        bias: Most weight of the way from the clean pixels, in [0, 1].
        retreat: What is left of the perturbation of a sample that has crossed, in (0, 1).
    """

    balls: ClassVar[tuple[type[Threat], ...]] = (L2, Linf, L1)

    example: ClassVar[dict[str, Any]] = {'steps': 12}

    targets: int = 9
    overshoot: float = 0.05
    bias: float = 0.1
    retreat: float = 0.9

    def __post_init__(self) -> None:
        super().__post_init__()
        require(whole(self.targets, 1), 'targets', 'a whole number >= 1', self.targets)
        share = finite(self.overshoot) and self.overshoot >= 0
        require(share, 'overshoot', 'a finite number >= 0', self.overshoot)
        weight = finite(self.bias) and 0 <= self.bias <= 1
        require(weight, 'bias', 'a number in [0, 1]', self.bias)
        part = finite(self.retreat) and 0 < self.retreat < 1
        require(part, 'retreat', 'a number in (0, 1)', self.retreat)
        self.check_goal(self.goal)
        ball = ball_of(self.threat)
        self._norm = next(norm for kind, norm in NORMS.items() if isinstance(ball, kind))

    def usual_name(self) -> str:
        """As AutoAttack's paper has it."""
        return 'FAB-T'

    def check_goal(self, goal: Goal) -> None:
        """Raise ValueError unless the goal is one of classes."""
        rule = 'one of classes (Misclassify, TargetClass, LeastLikely) for FAB'
        require(isinstance(goal, Misclassify | Targeted), 'goal', rule, goal)

    def most_calls(self) -> int:
        """For each target, looks at where it ended and at what is inside the budget."""
        return self.targets * (2 * self.steps + 2)

    def search(self, search: Search) -> None:
        """Target after target, each without regard to the budget."""
        for lead in self._leads(search):
            anywhere, own = self.unbounded(search)
            anywhere.one_target(own, lead)
            self.offer(search, self.rounded(own.best.pixels, search.clean, search.victim))

    def one_target(self, search: Search, lead: Lead) -> None:
        """The steps across one border."""
        clean, there = search.clean, search.clean
        for _ in range(self.steps):
            look = self.look(search, there)
            onward = self._onward(search, look, there, lead)
            back = clean + self.retreat * (there - clean)
            there = back.where(expand_to(look.won, back), onward)
        self.offer(search, self.rounded(there, clean, search.victim))

    def _onward(self, search: Search, look: Look, there: Tensor, lead: Lead) -> Tensor:
        """A mean of the ways onto the border from here and from the clean pixels."""
        if bool(look.won.all()):
            return there
        gap = lead(look.outputs)
        (slope,) = torch.autograd.grad(gap.where(~look.won, 0.0).sum(), look.pixels)
        search.victim.flag('not_finite', ~slope.isfinite().flatten(1).all(dim=1))
        slope = slope.nan_to_num(0.0, 0.0, 0.0)
        normal = self._l2.steepest(slope)
        size = (normal * slope).flatten(1).sum(dim=1)
        none = size <= 0
        search.victim.flag('zero_gradient', none & ~look.won)
        # A judge may be behind the border that the victim's gradient knows: on in any case.
        far = gap.detach().abs().to(size) / size.masked_fill(none, 1.0)
        far = (far + BEYOND * self.width(search)).masked_fill(none, 0.0)
        # Where rounding has undone a step it counts as not taken, or the border is never crossed.
        clean, bounds = search.clean, search.victim.bounds
        starts = [
            (one, far + (normal * (there - one)).flatten(1).sum(dim=1)) for one in (there, clean)
        ]
        here, home = (way_onto(normal, gain, one, bounds, self._norm) for one, gain in starts)
        near, away = (self.threat.distance(clean + way, clean) for way in (here, home))
        weight = (near / (near + away).where(near + away > 0, 1.0)).clamp(max=self.bias)
        weight, reach = expand_to(weight, here), 1 + self.overshoot
        mean = (1 - weight) * (there + reach * here) + weight * (clean + reach * home)
        return mean.clamp(*bounds)

    def _leads(self, search: Search) -> list[Lead]:
        """Of the likeliest wrong classes over the right one, or of the target over the rest."""
        goal, facts = search.goal.goal, search.goal.facts
        assert isinstance(facts, ClassFacts)
        if isinstance(goal, Targeted):
            return [lambda outputs: -margin(outputs, facts.classes)]
        outputs, own = search.victim.clean_outputs, facts.reference[:, None]
        count = min(self.targets, outputs.shape[1] - 1)
        others = outputs.scatter(1, own, -torch.inf).topk(count, dim=1).indices
        return [partial(_ahead, own=own, other=other[:, None]) for other in others.unbind(dim=1)]


def _ahead(outputs: Tensor, own: Tensor, other: Tensor) -> Tensor:
    """By how much one class (N, 1) leads another (N,)."""
    return (outputs.gather(1, other) - outputs.gather(1, own)).squeeze(1)
