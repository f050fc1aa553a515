"""Auto-PGD (Croce and Hein 2020, arXiv:2003.01690): PGD that finds its step sizes itself.

Shapes: N samples, C channels, T frames, H, W pixels; values 0..255.
"""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Tensor

from mmrobust.attacks.apgd_schedules import APGDState, Halving, Schedule, Sparsifying
from mmrobust.attacks.gradient_loop import GradientLoop
from mmrobust.attacks.loop_state import LoopState
from mmrobust.attacks.steps import step_length
from mmrobust.functional.checks import finite, require
from mmrobust.functional.norms import expand_to
from mmrobust.functional.randomness import SampleRandom
from mmrobust.goals import BoundGoal
from mmrobust.registry import ATTACKS
from mmrobust.threats import L1
from mmrobust.threats.masks import ball_of
from mmrobust.victims.counting import CountingVictim

# Of the steps in l_1, in a ball of three times the budget, and again in one of twice.
WIDE = 0.3


@ATTACKS.register_module()
@dataclass(kw_only=True, eq=False)
class APGD(GradientLoop):
    """Steps with momentum that halve and go back to the best iterate where they do not help.

    Algorithm 1. There is no step size to choose: it begins at twice the budget. At check
    points that come ever closer it is halved where fewer than ``rising`` of the steps since
    the last one raised the objective, or where neither step size nor best objective changed
    since then; the sample then goes on from its best iterate. The objective is that of the
    goal: ``attack.goal.loss=dlr`` for the paper's other loss.

    In l_1 it is the attack of Croce and Hein 2021, arXiv:2103.01208: steps from once the budget,
    without momentum, change as many values as have proved useful
    (:class:`~mmrobust.attacks.apgd_schedules.Sparsifying`); 30 % of the steps search a ball of
    three times the budget, 30 % one of twice, from whose best iterates the rest goes on.

    Official setting: 100 steps, momentum 0.75, rising 0.75.
    Deviations: check points as the paper has them (the official code rounds them down, which
    for fewer than 100 steps is another algorithm); the first check does not count the step
    to the first iterate, of which the official code compares the loss with 0; the random
    start is not stretched to the ball's surface; of equal iterates the later is the best; a
    sample leaves at its first success after rounding unless ``early_stop=False``, and what
    did not succeed ends at its best iterate, not at the clean clip; in l_1 what a value that is
    at the end of its range cannot take goes on to the next, the first steps change a fifth of the
    values wherever they start, and 30 % of the steps are rounded down.

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        goal: What counts as success; default the victim's own.
        steps: Steps per restart, >= 1.
        step_size: Length of the first steps, > 0, in ``step_unit``; in l_1 at most the budget.
        step_unit: ``eps`` (a share of the budget) or ``pixel`` (grey levels).
        momentum: Weight of the new step against the one before, in (0, 1]; 1 is without, as
            always in l_1.
        rising: Share of steps that must raise the objective, in [0, 1]; not in l_1.
        random_start: Start at a random member of the threat.
        restarts: Runs from fresh random starts, for samples not yet fooled.
        early_stop: Leave at the first success after rounding.
    """

    #: What tests build it with, and with what it must find all that is there to find.
    example: ClassVar[dict[str, Any]] = {'steps': 20}
    thorough: ClassVar[dict[str, Any]] = {'steps': 100}

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
        self._first = step_length(self.step_size, self.step_unit, self.threat)
        self._schedule: Schedule = Halving(self.steps, self.momentum, self.rising)
        self._wide = 0
        self._from: Tensor | None = None
        if isinstance(ball_of(self.threat), L1):
            self._first = min(self._first, self.threat.eps)
            self._schedule = Sparsifying(self.steps, self._first)
            self._wide = int(WIDE * self.steps)

    def usual_name(self) -> str:
        """As in its paper."""
        return 'APGD'

    def most_calls(self) -> int:
        """Each run looks once more at where it ended; so do several together."""
        several, phases = self.restarts > 1, 2 * bool(self._wide)
        return self.restarts * (2 * (self.steps + phases) + 1 + several)

    def one_run(
        self, victim: CountingVictim, clean: Tensor, goal: BoundGoal, rng: SampleRandom
    ) -> tuple[Tensor, Tensor]:
        """As always; in l_1 from where searches in larger balls have led."""
        if not self._wide:
            return super().one_run(victim, clean, goal, rng)
        pixels: Tensor | None = None
        for times in (3, 2):
            wide = self._phase(self._wide, times, pixels)
            state = wide.begin(victim, clean, goal, rng)
            for iteration in range(self._wide + 1):
                state.iteration = iteration
                _, gradient = wide.gradient(state)
                if iteration < self._wide:
                    direction = wide.direction(state, gradient)
                    state.pixels = wide.step(state, wide._steepest(state, direction))
            pixels = state.best
        last = self._phase(self.steps - 2 * self._wide, 1, pixels)
        return last.one_run(victim, clean, goal, rng)

    def _phase(self, steps: int, times: float, pixels: Tensor | None) -> 'APGD':
        """The same attack for fewer steps, in a ball of so many times the budget."""
        one = replace(self, steps=steps, threat=self.threat.resized(times * self.threat.eps))
        one._wide, one._from = 0, pixels
        return one

    def start(self, clean: Tensor, rng: SampleRandom) -> Tensor:
        """As always; where a search in a larger ball has led, the nearest in this one."""
        if self._from is None:
            return super().start(clean, rng)
        return self.threat.project(self._from, clean)

    def begin(
        self, victim: CountingVictim, clean: Tensor, goal: BoundGoal, rng: SampleRandom
    ) -> APGDState:
        """No step yet: anything is better than the best so far."""
        state = super().begin(victim, clean, goal, rng)
        n, device = len(clean), clean.device
        changed, count = self._schedule.values(state, known=self._from is not None)
        lowest = torch.full((n,), -torch.inf, dtype=torch.float64, device=device)
        return APGDState(
            **vars(state),
            previous=state.pixels,
            length=torch.full((n,), self._first, dtype=clean.dtype, device=device),
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
            changed=changed,
            count=count,
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
        """The gradient; of samples that a check point sends back that of their best iterate."""
        assert isinstance(state, APGDState)
        back = self._schedule.check(state)
        if back is None:
            return gradient
        rows = expand_to(back, gradient)
        state.pixels = state.best.where(rows, state.pixels)
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
        share = self._schedule.momentum if state.iteration else 1.0
        here, before = state.pixels, state.previous
        state.previous = here
        return self._inside(state, here + share * (there - here) + (1 - share) * (here - before))

    def ending(self, state: LoopState) -> Tensor:
        """The best iterate, among them the one that the last step led to (one more forward)."""
        assert isinstance(state, APGDState)
        with torch.no_grad():
            self._keep(state, state.victim(state.pixels))
        return state.kept

    def _steepest(self, state: LoopState, direction: Tensor) -> Tensor:
        assert isinstance(state, APGDState)
        return self._schedule.steepest(self.threat, state, direction)

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
