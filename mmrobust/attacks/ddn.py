"""DDN (Rony et al. 2019, arXiv:1811.09600): direction and length are sought apart.

Shapes: N samples, C channels, T frames, H, W pixels; values 0..255.
"""

from dataclasses import dataclass

import torch

from mmrobust.attacks.ascent import ascent
from mmrobust.attacks.minimal_norm import MinimalNorm, Search, annealed, stretched
from mmrobust.functional.checks import finite, require
from mmrobust.registry import ATTACKS


@ATTACKS.register_module()
@dataclass(kw_only=True, eq=False)
class DDN(MinimalNorm):
    """Steps along the gradient, on a sphere that shrinks on success and grows without.

    Source: Rony, Hafemann, Oliveira, Ben Ayed, Sabourin and Granger 2019, arXiv:1811.09600,
    algorithm 1. The perturbation takes a step along the unit gradient of the objective, whose
    length falls along half a cosine, and is stretched to the radius of the sphere.

    Official setting: 100 to 1,000 steps, radius 1, change 0.05, steps from 1 down to 0.01, for
    values 0..1 (here: times the victim's range of values, 255); cross-entropy.
    Deviations: the radius ends at the budget; the victim is shown the rounded pixels as in the
    paper, but rounded within their length, and the steps add up unrounded; the last step is
    looked at; bisection at the end.

    Args:
        threat: What may be changed, and by how much at most: l_2; default ``L2(eps=1000)``.
        goal: What counts as success; default the victim's own. Where no wrong class stands out
            its loss ``margin`` finds smaller changes than cross-entropy, whose gradient goes
            between them.
        steps: Steps, >= 1.
        refinements: Bisections at the end, >= 0.
        step_size: Length of the first step, > 0, in ranges of values (255 grey levels).
        last_step_size: Of the last, > 0, likewise.
        radius: Of the first sphere, > 0, likewise.
        change: Share by which the radius changes with each step, in (0, 1).
    """

    step_size: float = 1.0
    last_step_size: float = 0.01
    radius: float = 1.0
    change: float = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ('step_size', 'last_step_size', 'radius'):
            value = getattr(self, name)
            require(finite(value) and value > 0, name, 'a finite number > 0', value)
        share = finite(self.change) and 0 < self.change < 1
        require(share, 'change', 'a number in (0, 1)', self.change)

    def usual_name(self) -> str:
        """As in its paper."""
        return 'DDN'

    def search(self, search: Search) -> None:
        """Algorithm 1, for every sample on its own sphere."""
        clean, width, eps = search.clean, self.width(search), self.threat.eps
        delta = torch.zeros_like(clean)
        radius = torch.full_like(search.length(), min(self.radius * width, eps))
        for step in range(self.steps):
            look = self.look(search, clean + delta)
            gradient = ascent(search.victim, look.pixels, look.outputs, search.goal)
            length = width * annealed(self.step_size, self.last_step_size, step, self.steps)
            delta = delta + length * self.unit(search, gradient)
            factor = 1 - self.change * (2 * look.won.to(radius) - 1)
            radius = (radius * factor).clamp(max=eps)
            delta = self.inside(search, stretched(delta, radius))
        self.offer(search, self.rounded(clean + delta, clean, search.victim))
