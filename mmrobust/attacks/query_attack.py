"""The attack that only asks: what every query attack shares.

Shapes: N samples, C channels, T frames, H, W pixels; values 0..255.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from mmrobust.attacks.base import Attack
from mmrobust.functional.checks import require, whole
from mmrobust.functional.randomness import SampleRandom
from mmrobust.goals import BoundGoal, ClassGoal, Goal
from mmrobust.query.black_box import Access, BlackBox, Scores
from mmrobust.query.diagnosis import GradientCheck
from mmrobust.query.scheduler import QueryScheduler, QueryTask
from mmrobust.query.state import QueryState, Search
from mmrobust.query.views import view_starts
from mmrobust.victims.counting import CountingVictim

NEEDS = 'needs a recogniser: query attacks have goals of classes alone so far'


@dataclass(kw_only=True, eq=False)
class QueryAttack(Attack):
    """A search that yields candidates and is sent the victim's scores, or labels.

    A subclass writes ``search`` alone, for one sample: the scheduler runs many
    samples at once and keeps the victim's batches full. A search cannot reach
    the victim, so it cannot take a gradient or a forward that is not counted;
    one that asks beyond the budget is ended, the question unasked.

    Args:
        threat: See :class:`~mmrobust.attacks.base.Attack`.
        goal: See :class:`~mmrobust.attacks.base.Attack`. Its loss sees
            log-probabilities, whatever the victim's numbers are.
        budget: Queries per sample, >= the least that one round of the search needs.
        query_batch: Candidates per call of the victim, >= 1. It changes the
            speed alone; the victim's memory is the limit. To fill it, the
            run's batch size (videos at once) must be large enough.
        scores: What the victim's numbers are; see
            :class:`~mmrobust.query.black_box.BlackBox`.
        gradient_check: Every so many answers, compare the search's estimate with
            the victim's true gradient, for diagnosis: the search is not told,
            and the forwards and backwards are not counted. 0: never. The
            victim must be differentiable.

    Attributes:
        round_cost: The least number of queries with which the search can do
            anything; set by a subclass.
        access: What the search is shown: scores, or the predicted class alone; set by a
            subclass.
    """

    access: ClassVar[Access] = 'scores'

    #: Options with which tests build every attack: small enough to try often,
    #: and those with which it must find what is there to find in a tiny clip.
    example: ClassVar[dict[str, Any]] = {'budget': 36}
    thorough: ClassVar[dict[str, Any]] = {'budget': 1500}

    budget: int = 60_000
    query_batch: int = 32
    scores: Scores = 'auto'
    gradient_check: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_goal(self.goal)
        rule = f'a whole number >= {self.round_cost}, the cost of one round'
        require(whole(self.budget, self.round_cost), 'budget', rule, self.budget)
        for name, least in (('query_batch', 1), ('gradient_check', 0)):
            value = getattr(self, name)
            require(whole(value, least), name, f'a whole number >= {least}', value)
        known = ('auto', 'logits', 'probabilities', 'log_probabilities')
        require(self.scores in known, 'scores', f'one of {", ".join(known)}', self.scores)

    def check_goal(self, goal: Goal) -> None:
        """Raise ValueError unless the goal is one of classes."""
        if not isinstance(goal, ClassGoal):
            raise ValueError(f'{type(self).__name__} {NEEDS}, got {type(goal).__name__}')

    @property
    def round_cost(self) -> int:
        """The least number of queries of use."""
        return 1

    @abstractmethod
    def search(self, state: QueryState) -> Search:
        """Yield candidates (B, C, T, H, W), get log-probabilities (B, K) as ``access`` says.

        ``state.found`` is the result at any time; ``state.accept`` moves it.
        Return on success; run on for ever otherwise: the budget ends it.
        """

    def most_calls(self) -> int:
        """All queries; each is a forward."""
        return self.budget

    def run(
        self, victim: CountingVictim, pixels: Tensor, goal: BoundGoal, rng: SampleRandom
    ) -> Tensor:
        """Search every sample until it succeeds or its budget is spent."""
        self._check_victim(victim, pixels)
        given, grid = victim.victim, victim.grid_step or self._grid(pixels)
        if self.threat.eps < grid and not self.gradient_check:
            # No value can change by a whole step: no answer is of any use.
            return pixels.clone()
        box = BlackBox(victim, budget=self.budget, access=self.access, scores=self.scores)
        box.detect(victim.clean_outputs)
        states = [self._state(victim, pixels, goal, rng, row, grid) for row in range(len(pixels))]
        watch = None
        if self.gradient_check:
            watch = GradientCheck(given, goal, self.gradient_check, box.shown)
        logs = victim.answer_logs
        mine = None if logs is None else [logs[row] for row in victim.rows.tolist()]
        tasks = QueryScheduler(box, self.query_batch, mine, watch).run(states, self.search)
        self._record(victim, box, tasks)
        if watch is not None:
            watch.record(victim)
        return torch.stack([state.as_given(state.found) for state in states])

    def _check_victim(self, victim: CountingVictim, pixels: Tensor) -> None:
        """Refuse, before the first query, what no search can work on."""
        rule = 'none: a query attack takes no gradients'
        require(victim.success_on is None, 'surrogate', rule, type(victim.success_on).__name__)
        if isinstance(victim.victim, BlackBox):
            left = victim.victim.least_left
            rule = f'less than what the black box has left, {left:g}: the last check needs one'
            require(self.budget < left, 'budget', rule, self.budget)
        rule = 'finite for a query attack, which measures by their range'
        require(math.isfinite(victim.span), 'bounds', rule, victim.bounds)
        rule = 'clips (N, C, T, H, W) or pictures (N, C, H, W) for a query attack'
        require(pixels.dim() in (4, 5), 'pixels', rule, tuple(pixels.shape))

    def _grid(self, pixels: Tensor) -> float:
        """Of a victim that takes any value: 1/64 of the change of a value at full budget."""
        most = float(self.threat.steepest(torch.ones_like(pixels[:1])).abs().max())
        return (self.threat.eps * most or 1.0) / 64

    def _state(
        self,
        victim: CountingVictim,
        pixels: Tensor,
        goal: BoundGoal,
        rng: SampleRandom,
        row: int,
        grid: float,
    ) -> QueryState:
        one = torch.tensor([row])
        own, clean = victim.victim.select(one), pixels[row]
        bound, streams = goal.select(one), rng.select(one)

        def settle(clip: Tensor) -> Tensor:
            held = clip.reshape(clean.shape)[None]
            return own.settled(held, clean[None])[0].reshape(clip.shape)

        return QueryState(
            clean,
            bound,
            self.threat,
            victim.bounds,
            streams,
            view_starts(own),
            grid,
            span=own.span,
            picture=own.picture,
            settle=settle if own.settles else None,
        )

    @staticmethod
    def _record(victim: CountingVictim, box: BlackBox, tasks: Sequence[QueryTask]) -> None:
        """Costs, flags and times to the counters."""
        counters, given = victim.counters, victim.victim
        counters.shown = box.shown
        for index, (row, task) in enumerate(zip(victim.rows.tolist(), tasks, strict=True)):
            counters.queries[row] += box.account.spent[index]
            counters.forwards[row] += task.replayed
            counters.flags[row] |= task.state.flags | box.flags(index)
            counters.measures[row] |= task.state.measures
            if isinstance(given, BlackBox):
                counters.flags[row] |= given.flags(index)
            if task.state.flat:
                counters.flags[row].add('flat_objective')
            if task.state.answer is not None:
                counters.answers[row] = task.state.answer
            if task.state.clean_answer is not None:
                counters.clean_answers[row] = task.state.clean_answer
            counters.timing[row] = {
                'victim_seconds': task.inside,
                'outside_seconds': task.outside,
                'calls': task.calls,
                'asked': box.account.spent[index] - task.replayed,
            }
