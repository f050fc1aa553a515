"""Auto-PGD (Croce and Hein 2020, arXiv:2003.01690): PGD that finds its step sizes itself.

Shapes: N samples, C channels, T frames, H, W pixels; values 0..255.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from mmrobust.attacks.gradient_loop import GradientLoop
from mmrobust.attacks.loop_state import LoopState
from mmrobust.attacks.steps import step_length
from mmrobust.functional.checks import finite, require
from mmrobust.functional.norms import expand_to
from mmrobust.functional.randomness import SampleRandom
from mmrobust.goals import BoundGoal
from mmrobust.registry import ATTACKS
from mmrobust.victims.counting import CountingVictim


@dataclass
class APGDState(LoopState):
    """A loop's state with what decides on the steps.

    Attributes:
        previous: (N, C, T, H, W), where the samples stood before.
        length: (N,), of the next step, grey levels.
        best: (N, C, T, H, W), where the objective was largest.
        best_gradient: There, likewise.
        best_objective: There, (N,).
        kept: (N, C, T, H, W), the best iterate among those that succeed, if any did.
        kept_succeeds: (N,) bool.
        kept_objective: There, (N,).
        objective: Of the last iterate, (N,).
        rises: (N,), how often it has grown since the last check point.
        halved: (N,) bool, at the last check point.
        best_then: (N,), ``best_objective`` at the last check point.
    """

    previous: Tensor
    length: Tensor
    best: Tensor
    best_gradient: Tensor
    best_objective: Tensor
    kept: Tensor
    kept_succeeds: Tensor
    kept_objective: Tensor
    objective: Tensor
    rises: Tensor
    halved: Tensor
    best_then: Tensor


def check_points(steps: int) -> list[int]:
    """Iterations at which step sizes are looked at: section 3.2, w_j = ceil(p_j steps)."""
    shares = [0.0, 0.22]
    while shares[-1] < 1:
        shares.append(shares[-1] + max(shares[-1] - shares[-2] - 0.03, 0.06))
    # Sums of hundredths, but for the last bits.
    return sorted({math.ceil(round(share * steps, 6)) for share in shares[1:] if share <= 1})


@ATTACKS.register_module()
@dataclass(kw_only=True, eq=False)
class APGD(GradientLoop):
    """Steps with momentum that halve and go back to the best iterate where they do not help.

    Algorithm 1. There is no step size to choose: it begins at twice the budget. At check
    points that come ever closer it is halved where fewer than ``rising`` of the steps since
    the last one raised the objective, or where neither step size nor best objective changed
    since then; the sample then goes on from its best iterate. The objective is that of the
    goal: ``attack.goal.loss=dlr`` for the paper's other loss.

    Official setting: 100 steps, momentum 0.75, rising 0.75, l_inf or l_2.
    Deviations: check points as the paper has them (the official code rounds them down, which
    for fewer than 100 steps is another algorithm); the first check does not count the step
    to the first iterate, of which the official code compares the loss with 0; the random
    start is not stretched to the ball's surface; of equal iterates the later is the best; a
    sample leaves at its first success after rounding unless ``early_stop=False``, and what
    did not succeed ends at its best iterate, not at the clean clip; in l_1 the steps are those
    of the threat, at a fixed share of the values, and neither the changing share nor the phases
    of larger budgets of Croce and Hein 2021, arXiv:2103.01208.

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        goal: What counts as success; default the victim's own.
        steps: Steps per restart, >= 1.
        step_size: Length of the first steps, > 0, in ``step_unit``.
        step_unit: ``eps`` (a share of the budget) or ``pixel`` (grey levels).
        momentum: Weight of the new step against the one before, in (0, 1]; 1 is without.
        rising: Share of steps that must raise the objective, in [0, 1].
        random_start: Start at a random member of the threat.
        restarts: Runs from fresh random starts, for samples not yet fooled.
        early_stop: Leave at the first success after rounding.
    """

    steps: int = 100
    step_size: float = 2.0
    momentum: float = 0.75
    rising: float = 0.75
    random_start: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        inside = finite(self.momentum) and 0 < self.momentum <= 1
        require(inside, 'momentum', 'a number in (0, 1]', self.momentum)
        share = finite(self.rising) and 0 <= self.rising <= 1
        require(share, 'rising', 'a number in [0, 1]', self.rising)
        self._checks = check_points(self.steps)

    def usual_name(self) -> str:
        """As in its paper."""
        return 'APGD'

    def most_calls(self) -> int:
        """Each run looks once more at where it ended; so do several together."""
        several = self.restarts > 1
        return self.restarts * (2 * self.steps + 1 + several)

    def begin(
        self, victim: CountingVictim, clean: Tensor, goal: BoundGoal, rng: SampleRandom
    ) -> APGDState:
        """No step yet: anything is better than the best so far."""
        state = super().begin(victim, clean, goal, rng)
        n, device = len(clean), clean.device
        lowest = torch.full((n,), -torch.inf, dtype=torch.float64, device=device)
        length = step_length(self.step_size, self.step_unit, self.threat)
        return APGDState(
            **vars(state),
            previous=state.pixels,
            length=torch.full((n,), length, dtype=clean.dtype, device=device),
            best=state.pixels,
            best_gradient=torch.zeros_like(clean),
            best_objective=lowest,
            kept=state.pixels,
            kept_succeeds=torch.zeros(n, dtype=torch.bool, device=device),
            kept_objective=lowest,
            objective=lowest,
            rises=torch.zeros(n, dtype=torch.long, device=device),
            # So that the first check knows the first condition alone.
            halved=torch.ones(n, dtype=torch.bool, device=device),
            best_then=lowest,
        )

    def gradient(self, state: LoopState) -> tuple[Tensor, Tensor]:
        """As always; the state keeps the best iterate, and counts the rises."""
        assert isinstance(state, APGDState)
        outputs, gradient = super().gradient(state)
        objective = self._keep(state, outputs)
        state.rises = state.rises + ((objective > state.objective) & (state.iteration > 0))
        state.objective = objective
        # Of equal ones the later: a loss that float cannot tell apart is no reason to stay.
        better = objective >= state.best_objective
        rows = expand_to(better, gradient)
        state.best = state.pixels.where(rows, state.best)
        state.best_gradient = gradient.where(rows, state.best_gradient)
        state.best_objective = objective.where(better, state.best_objective)
        return outputs, gradient

    def direction(self, state: LoopState, gradient: Tensor) -> Tensor:
        """The gradient; at a check point that of the best iterate, where steps are halved."""
        assert isinstance(state, APGDState)
        if state.iteration not in self._checks:
            return gradient
        since = max((k for k in self._checks if k < state.iteration), default=0)
        few = state.rises < self.rising * (state.iteration - since)
        stuck = ~state.halved & (state.best_objective <= state.best_then)
        halve = few | stuck
        rows = expand_to(halve, gradient)
        state.length = state.length.where(~halve, state.length / 2)
        state.pixels = state.best.where(rows, state.pixels)
        state.halved, state.best_then = halve, state.best_objective
        state.rises = torch.zeros_like(state.rises)
        return state.best_gradient.where(rows, gradient)

    def lengths(self, state: LoopState) -> Tensor:
        """Each sample's own."""
        assert isinstance(state, APGDState)
        return state.length

    def step(self, state: LoopState, steepest: Tensor) -> Tensor:
        """Half of a projected step, half of the way that the last one took."""
        assert isinstance(state, APGDState)
        there = state.pixels + expand_to(state.length, steepest) * steepest
        there = self._inside(state, there)
        share = self.momentum if state.iteration else 1.0
        here, before = state.pixels, state.previous
        state.previous = here
        return self._inside(state, here + share * (there - here) + (1 - share) * (here - before))

    def ending(self, state: LoopState) -> Tensor:
        """The best iterate, among them the one that the last step led to (one more forward)."""
        assert isinstance(state, APGDState)
        with torch.no_grad():
            self._keep(state, state.victim(state.pixels))
        return state.kept

    def _inside(self, state: APGDState, pixels: Tensor) -> Tensor:
        return self.threat.project_inside(pixels, state.clean, state.victim.bounds)

    @staticmethod
    def _keep(state: APGDState, outputs: Tensor) -> Tensor:
        """Keep the iterate where it is the best; its objective (N,), -inf where not finite.

        One that succeeds is better than any that does not: a loss is no measure of that.
        """
        found = state.goal.objective(outputs).detach().double()
        objective = found.nan_to_num(-torch.inf, -torch.inf, -torch.inf)
        wins, before = state.goal.success(outputs), state.kept_succeeds
        better = (wins & ~before) | ((wins == before) & (objective >= state.kept_objective))
        state.kept = state.pixels.where(expand_to(better, state.pixels), state.kept)
        state.kept_succeeds = wins | before
        state.kept_objective = objective.where(better, state.kept_objective)
        return objective
