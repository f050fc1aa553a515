"""The one loop behind every attack that follows the gradient step by step.

Shapes: N samples, C channels, T frames, H, W pixels; values 0..255.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from mmrobust.attacks.ascent import slope
from mmrobust.attacks.base import Attack
from mmrobust.attacks.loop_state import LoopState
from mmrobust.attacks.loss_trace import LossTrace
from mmrobust.attacks.steps import StepUnit, check_step, step_length
from mmrobust.functional.checks import require, whole
from mmrobust.functional.norms import expand_to, linf_norm
from mmrobust.functional.randomness import SampleRandom
from mmrobust.goals import BoundGoal
from mmrobust.victims.counting import CountingVictim


@dataclass(kw_only=True, eq=False)
class GradientLoop(Attack):
    """Repeats gradient, direction, step, projection; samples do not mix.

    A batch gives what its samples give alone, to rounding: in double precision to the last
    bit. In single precision kernels round by the batch's size, and the sign of a gradient
    next to zero may turn with that; from there two runs go apart.

    A variant overrides one of ``begin``, ``gradient``, ``direction``, ``step`` and ``ending``,
    which are given the loop's state. Samples that are done leave the batch: no forward is spent
    on them.

    Args:
        threat: See :class:`~mmrobust.attacks.base.Attack`.
        goal: See :class:`~mmrobust.attacks.base.Attack`.
        steps: Steps per restart, >= 1.
        step_size: Length of a step in the threat's norm, > 0.
        step_unit: ``eps`` (a share of the budget) or ``pixel`` (grey levels).
        random_start: Start at a random member of the threat.
        restarts: Runs from fresh random starts, >= 1; later runs only for
            samples that no earlier one succeeded on.
        early_stop: A sample leaves as soon as an iterate, rounded to 8 bits,
            succeeds (one more forward checks that). False runs all steps.
    """

    steps: int = 10
    step_size: float = 0.25
    step_unit: StepUnit = 'eps'
    random_start: bool = False
    restarts: int = 1
    early_stop: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require(whole(self.steps, 1), 'steps', 'a whole number >= 1', self.steps)
        check_step(self.step_size, self.step_unit)
        require(whole(self.restarts, 1), 'restarts', 'a whole number >= 1', self.restarts)
        for name in ('random_start', 'early_stop'):
            flag = getattr(self, name)
            require(isinstance(flag, bool), name, 'True or False', flag)
        useful = self.restarts == 1 or self.random_start
        rule = '1 without random_start (all would be equal)'
        require(useful, 'restarts', rule, self.restarts)

    def run(
        self, victim: CountingVictim, pixels: Tensor, goal: BoundGoal, rng: SampleRandom
    ) -> Tensor:
        """Restart until every sample is done or the restarts are used up."""
        best = pixels.clone()
        objective = torch.full((len(pixels),), -torch.inf, dtype=torch.float64)
        left = torch.arange(len(pixels))
        for _ in range(self.restarts):
            target, aim = victim.select(left), goal.select(left)
            found, done = self.one_run(target, pixels[left], aim, rng.select(left))
            better = torch.ones_like(done)
            rows = (~done).nonzero().squeeze(1)
            if self.restarts > 1 and len(rows):
                now = left[rows]
                judged = target.select(rows)
                outputs = judged.verdict(self.rounded(found[rows], pixels[now], judged))
                value = aim.select(rows).objective(outputs).double().cpu()
                done[rows] = aim.select(rows).success(outputs).cpu()
                better[rows] = done[rows] | (value > objective[now])
                objective[now] = torch.fmax(value, objective[now])
            best[left[better]] = found[better]
            left = left[~done]
            if not len(left):
                break
        return best

    def one_run(
        self, victim: CountingVictim, clean: Tensor, goal: BoundGoal, rng: SampleRandom
    ) -> tuple[Tensor, Tensor]:
        """One run from one start.

        Returns:
            Candidates (N, ...) and which of them (N,) are known to succeed.
        """
        found, done = clean.clone(), torch.zeros(len(clean), dtype=torch.bool)
        state, live = self.begin(victim, clean, goal, rng), torch.arange(len(clean))
        trace = LossTrace(len(clean), self.steps)
        for iteration in range(self.steps):
            state.iteration, state.last_objective = iteration, None
            outputs, gradient = self._pair(self.gradient(state), state)
            known = state.last_objective
            trace.add(live, state.goal.objective(outputs) if known is None else known, iteration)
            won = self._won(state, outputs)
            if won.any():
                found[live], done[live[won]] = state.pixels, True
                self.leave(state.select(won.nonzero().squeeze(1)))
                rows = (~won).nonzero().squeeze(1)
                if not len(rows):
                    return found, done
                state, live, gradient = state.select(rows), live[rows], gradient[rows]
            steepest = self._steepest(state, gradient)
            # What the threat forbids (a mask) is no way to go either.
            state.victim.flag('zero_gradient', linf_norm(steepest) == 0)
            direction = self._like(self.direction(state, gradient), state, 'direction')
            if direction is not gradient:
                steepest = self._steepest(state, direction)
            state.pixels = self._like(self.step(state, steepest), state, 'step')
        self.leave(state)
        state.victim.flag('not_converged', trace.still_rising(live))
        found[live] = self.ending(state)
        return found, done

    def begin(
        self, victim: CountingVictim, clean: Tensor, goal: BoundGoal, rng: SampleRandom
    ) -> LoopState:
        """The state before the first step."""
        pixels = self.start(clean, rng).clamp(*victim.bounds)
        return LoopState(victim, goal, clean, pixels, rng, iteration=0)

    def start(self, clean: Tensor, rng: SampleRandom) -> Tensor:
        """Where a run begins."""
        if self.random_start:
            return self.threat.project(self.threat.random(clean, rng), clean)
        return clean.clone()

    def gradient(self, state: LoopState) -> tuple[Tensor, Tensor]:
        """Outputs (N, K) where the samples stand, and the goal's gradient (N, ...).

        The sum over samples keeps them apart: each sees its own gradient only.
        """
        leaf = state.pixels.detach().requires_grad_()
        outputs = state.victim(leaf)
        objective = state.goal.objective(outputs)
        state.last_objective = objective.detach()
        return outputs.detach(), slope(state.victim, leaf, objective)

    def gradient_at(self, state: LoopState, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Outputs and gradient at any pixels (N, ...) of the samples, whatever a variant does."""
        return GradientLoop.gradient(self, replace(state, pixels=pixels))

    def outputs_decide(self, state: LoopState) -> bool:
        """Whether the outputs that ``gradient`` gave say which samples may have succeeded.

        Not where another victim decides, or where a variant took them at another place: then
        each sample is looked at once more, rounded.
        """
        return state.victim.success_on is None

    def direction(self, state: LoopState, gradient: Tensor) -> Tensor:
        """What the next step follows (N, ...); the gradient itself, or what it adds to."""
        return gradient

    def lengths(self, state: LoopState) -> Tensor:
        """Of the samples' next steps (N,), in the threat's norm."""
        length = step_length(self.step_size, self.step_unit, self.threat)
        return torch.full_like(state.pixels.flatten(1)[:, 0], length)

    def step(self, state: LoopState, steepest: Tensor) -> Tensor:
        """Pixels after a step along ``steepest``, which has the threat's norm 1, projected back."""
        moved = (expand_to(self.lengths(state), steepest) * steepest).add_(state.pixels)
        return self.threat.project_inside(moved, state.clean, state.victim.bounds)

    def ending(self, state: LoopState) -> Tensor:
        """Pixels of the samples that no step succeeded on (N, ...): where the last one led."""
        return state.pixels

    def leave(self, state: LoopState) -> None:
        """Called with the samples that end here, for what an attack reports of itself."""

    def _steepest(self, state: LoopState, direction: Tensor) -> Tensor:
        """The step of the threat's norm 1 from where the samples stand."""
        bounds, lengths = state.victim.bounds, self.lengths(state)
        return self.threat.steepest_inside(direction, state.pixels, bounds, lengths)

    def _like(self, found: Tensor, state: LoopState, method: str) -> Tensor:
        """What a method of a variant's gave, if it has the shape of the pixels."""
        shape = tuple(state.pixels.shape)
        got = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        require(got == shape, f'{type(self).__name__}.{method}()', f'a tensor {shape}', got)
        return found

    def _pair(self, found: tuple[Tensor, Tensor], state: LoopState) -> tuple[Tensor, Tensor]:
        """Outputs and gradient, if a variant's method gave both."""
        pair = isinstance(found, tuple) and len(found) == 2 and isinstance(found[0], Tensor)
        name, rule = f'{type(self).__name__}.gradient()', 'a pair (outputs, gradient)'
        require(pair, name, rule, type(found).__name__)
        return found[0], self._like(found[1], state, 'gradient')

    def _won(self, state: LoopState, outputs: Tensor) -> Tensor:
        """Which samples (N,) are done: they succeed as they stand, also after rounding."""
        won = torch.ones(len(outputs), dtype=torch.bool)
        if self.outputs_decide(state):
            won = state.goal.success(outputs).cpu()
            state.victim.saw_success(won)
        if not self.early_stop:
            return torch.zeros_like(won)
        rows = won.nonzero().squeeze(1)
        if len(rows):
            one = state.select(rows)
            # As they will be saved, rounded.
            outputs = one.victim.verdict(self.rounded(one.pixels, one.clean, one.victim))
            won[rows] = one.goal.success(outputs).cpu()
        return won
