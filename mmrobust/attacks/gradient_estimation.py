"""Climb an estimated gradient: NES, bandits, and the motion-excited sampler."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from torch import Tensor

from mmrobust.attacks.query_attack import QueryAttack
from mmrobust.attacks.steps import StepUnit, check_step, step_length
from mmrobust.estimators import GradientEstimator
from mmrobust.estimators.bandits import AdditiveBandits
from mmrobust.estimators.nes import NES
from mmrobust.functional.checks import require
from mmrobust.functional.randomness import SampleRandom
from mmrobust.goals import BoundGoal, ClassFacts
from mmrobust.goals.targeted import Targeted
from mmrobust.query.shrinking_ball import ShrinkingBall
from mmrobust.query.start_clips import StartClips
from mmrobust.query.state import QueryState, Search
from mmrobust.registry import ATTACKS
from mmrobust.samplers import Noise, NoiseSampler
from mmrobust.samplers.multi_noise import MultiNoise
from mmrobust.samplers.sparked import Sparked
from mmrobust.victims.counting import CountingVictim

# Sampler and estimator -> the attack that is known for them.
USUAL_NAMES = {
    ('Sparked', 'AdditiveBandits'): 'ME-Sampler',
    ('Geometric', 'AdditiveBandits'): 'Geo-TRAP',
    ('MultiNoise', 'NES'): 'NES',
    ('MultiNoise', 'ExponentiatedBandits'): 'Bandits',
}


@ATTACKS.register_module()
@dataclass(kw_only=True, eq=False)
class GradientEstimation(QueryAttack):
    """Probe, estimate, step, check; the parts are exchangeable.

    The noise sampler decides which directions are tried, the estimator what
    follows from the answers, the threat how a step is taken, the goal's loss
    what is climbed. The defaults are the motion-excited sampler attack of Zhang, Zhu,
    Zhu and Yang 2020, arXiv:2003.07637: one noise frame that moves with the
    video, additive bandits, sign steps. ``configs/_base_/attacks`` has this
    and its rivals: ``me_sampler``, ``e_nes``, ``e_bandits``, ``geo_trap``.

    Official setting: eps 0.03 and steps of 0.025 of the range (a step of 5/6 of
    eps), one check per round (3 queries), 60,000 queries untargeted and 200,000
    targeted. Deviations: probes are kept inside 0..255 and to pixels that the
    threat allows; the check is of whole grey levels.

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        goal: What counts as success; default the victim's own.
        sampler: The noise; default :class:`~mmrobust.samplers.Sparked`.
        estimator: Default :class:`~mmrobust.estimators.bandits.AdditiveBandits`.
        step_size: Length of a step in the threat's norm, > 0.
        step_unit: ``eps`` (a share of the budget) or ``pixel`` (grey levels).
        start: An annotation list of video files ("VIDEO LABEL" lines), shown to the victim
            frame after frame and scaled to the clip's size: for a victim that skips
            frames, or crops, list clips as it sees them. A targeted search
            sets out from a video of the target class, drawn from the list, and keeps
            the class on its way into the threat
            (:class:`~mmrobust.query.shrinking_ball.ShrinkingBall`); if the victim sees another
            class in it (flag ``start_not_target``), from the clip itself, as without a list. A
            way that does not end inside the threat leaves the clip unchanged (flag
            ``outside_threat``).
        budget: Queries per sample, at least those of one round.
        query_batch: Candidates per call of the victim; changes the speed alone.
        scores: What the victim's numbers are: auto, logits, probabilities or
            log_probabilities.
        gradient_check: Every so many answers, compare the estimate with the
            true gradient, uncounted; 0: never.
    """

    example: ClassVar[dict[str, Any]] = {
        'budget': 36,
        'sampler': MultiNoise(),
        'estimator': NES(population=10),
    }
    # Steps so small that many rounds' estimates add up.
    thorough: ClassVar[dict[str, Any]] = {'budget': 2000, 'step_size': 0.05}

    sampler: NoiseSampler = field(default_factory=Sparked)
    estimator: GradientEstimator = field(default_factory=AdditiveBandits)
    step_size: float = 0.025 / 0.03
    step_unit: StepUnit = 'eps'
    start: str | None = None

    def __post_init__(self) -> None:
        usable = isinstance(self.sampler, NoiseSampler)
        require(usable, 'sampler', 'a noise sampler or its config', self.sampler)
        usable = isinstance(self.estimator, GradientEstimator)
        require(usable, 'estimator', 'a gradient estimator or its config', self.estimator)
        check_step(self.step_size, self.step_unit)
        self.clips = None if self.start is None else StartClips(self.start)
        super().__post_init__()
        aimed = self.start is None or isinstance(self.goal, Targeted)
        require(aimed, 'start', 'None, or a goal that names a class', type(self.goal).__name__)

    def usual_name(self) -> str:
        """What a paper calls these parts together, else their own names."""
        parts = self.sampler.name, type(self.estimator).__name__
        return USUAL_NAMES.get(parts, ' with '.join(reversed(parts)))

    @property
    def round_cost(self) -> int:
        """The probes and the check."""
        return self.estimator.probes + 1 + (self.start is not None)

    def files(self) -> Sequence[Path]:
        """The clips to start from."""
        return () if self.clips is None else self.clips.files

    def run(
        self, victim: CountingVictim, pixels: Tensor, goal: BoundGoal, rng: SampleRandom
    ) -> Tensor:
        """Search every sample; a start that is missing ends the run before the first query."""
        if self.clips is not None:
            assert isinstance(goal.facts, ClassFacts)
            self.clips.check(goal.facts.classes.tolist())
        return super().run(victim, pixels, goal, rng)

    def _check_victim(self, victim: CountingVictim, pixels: Tensor) -> None:
        """Refuse for tracks of joints what looks at pictures, too."""
        super()._check_victim(victim, pixels)
        if victim.picture:
            return
        plain, name = self.sampler.anywhere and self.sampler.tile == 1, self.sampler.name
        rule = 'MultiNoise or OneNoise with tile=1 for what is no picture (--attack nes)'
        require(plain, 'attack.sampler', rule, f'{name} with tile={self.sampler.tile}')
        rule = 'None for what is no picture: its clips are videos'
        require(self.clips is None, 'attack.start', rule, self.start)

    def search(self, state: QueryState) -> Search:
        """Round after round."""
        noise = self.sampler.bind(state.grey, state.starts)
        estimate = self.estimator.bind(state.clean, self.sampler.tile)
        state.flags.update(noise.flags)
        ball = yield from self._begin(state)
        allowed, x = state.allowed, state.clean if ball is None else ball.clip
        length = step_length(self.step_size, self.step_unit, state.threat)
        for iteration in itertools.count():
            offsets = estimate.propose(partial(_inside, noise, allowed, state, iteration))
            answers = yield (x + state.level * offsets).clamp(*state.bounds)
            objectives = state.objective(answers)
            if not objectives.isfinite().all():
                continue  # such a round teaches nothing
            direction = estimate.learn(objectives)
            state.estimate, state.origin = direction, x
            step = length * state.steepest(direction)
            if ball is None:
                x = state.inside(x + step)
                done = yield from state.accept(x)
            else:
                done = yield from ball.advance(step)
                x = ball.clip
            if done:
                state.flags.discard('outside_threat')
                return

    def _begin(self, state: QueryState) -> Generator[Tensor, Tensor, ShrinkingBall | None]:
        """The ball from a clip of the target class; None without one."""
        if self.clips is None:
            return None
        assert isinstance(state.goal.facts, ClassFacts)
        target = int(state.goal.facts.classes)
        clip = self.clips.clip(target, state.clean, state.generator)
        ball = ShrinkingBall(state, state.bounds[0] + state.level * clip)
        found = yield from ball.begin()
        if not found:
            state.flags.add('start_not_target')
            return None
        state.flags.add('outside_threat')
        return ball


def _inside(noise: Noise, allowed: Tensor, state: QueryState, iteration: int) -> Tensor:
    """Noise (C, T, H, W) where the threat allows a change."""
    return noise.draw(state.generator, iteration) * allowed
