"""Runs the searches of many samples against one black box, in full batches.

Shapes: N samples, B candidates, K classes; pixels (C, T, H, W), 0..255.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from mmrobust.query.black_box import BlackBox
from mmrobust.query.state import QueryState, Search
from mmrobust.victims.counting import AnswerLog


@dataclass
class QueryTask:
    """A search under way, and what it waits for.

    Attributes:
        row: Of its sample.
        search: The generator.
        asked: Candidates (B, C, T, H, W) that it waits for.
        answers: Their answers so far, each (K,).
        handed: How many candidates have been handed to the victim.
        past: Answers of an earlier run that are not used up.
        outside: Seconds that the search took itself, and its share of what is
            done around the victim's calls: candidates put together, answers kept.
        inside: Its share of the victim's seconds.
        calls: Its share of the victim's calls.
        replayed: Queries that an earlier run had asked.
    """

    row: int
    state: QueryState
    search: Search
    asked: Tensor = field(init=False)
    answers: list[Tensor] = field(default_factory=list)
    handed: int = 0
    past: deque[Tensor] = field(default_factory=deque)
    outside: float = 0.0
    inside: float = 0.0
    calls: float = 0.0
    replayed: int = 0

    @property
    def open(self) -> int:
        """Candidates that nobody has been asked about yet."""
        return len(self.asked) - self.handed


class QueryScheduler:
    """Many samples at once: finished ones leave, waiting ones take their place.

    A call of the victim holds candidates of several samples, up to ``batch``.
    What a search is told does not depend on who shares its calls.

    Args:
        box: Bound to the N samples.
        batch: Candidates per call of the victim.
        answer_logs: One per sample, or None.
        watch: Called after every answer with the row, the state and its queries so far.
    """

    def __init__(
        self,
        box: BlackBox,
        batch: int,
        answer_logs: Sequence[AnswerLog] | None = None,
        watch: Callable[[int, QueryState, int], None] | None = None,
    ) -> None:
        self.box, self.batch, self.answer_logs, self.watch = box, batch, answer_logs, watch
        self.calls: list[int] = []

    def run(
        self, states: Sequence[QueryState], start: Callable[[QueryState], Search]
    ) -> list[QueryTask]:
        """Run every search to its end, its success or its budget's.

        Returns:
            One task per sample, in order; results stand in its state.
        """
        tasks: dict[int, QueryTask] = {}
        waiting, active = deque(enumerate(states)), list[QueryTask]()
        while True:
            while waiting and sum(task.open for task in active) < self.batch:
                row, state = waiting.popleft()
                tasks[row] = self._begin(row, state, start)
                if tasks[row].open:
                    active.append(tasks[row])
            if not active:
                return [tasks[row] for row in range(len(states))]
            self._call(active)
            active = [task for task in active if self._go_on(task)]

    def _begin(
        self, row: int, state: QueryState, start: Callable[[QueryState], Search]
    ) -> QueryTask:
        task = QueryTask(row, state, start(state))
        earlier = None if self.answer_logs is None else self.answer_logs[row].read()
        task.past = deque([] if earlier is None else earlier.to(state.clean.device))
        self._send(task, None)
        self._replay(task)
        return task

    def _call(self, active: Sequence[QueryTask]) -> None:
        """One call of the victim, filled from the searches in turn."""
        chosen: list[tuple[QueryTask, int]] = []
        for task in active:
            count = min(task.open, self.batch - len(chosen))
            chosen += [(task, task.handed + i) for i in range(count)]
            task.handed += count
        began, before = time.perf_counter(), self.box.account.seconds
        rows = torch.tensor([task.row for task, _ in chosen])
        candidates = torch.stack([r.state.as_given(r.asked[index]) for r, index in chosen])
        answers = self.box.select(rows)(candidates)
        self.calls.append(len(chosen))
        for (task, _), answer in zip(chosen, answers, strict=True):
            task.answers.append(answer)
            if self.answer_logs is not None:
                self.answer_logs[task.row].append(answer[None].cpu())
        inside = self.box.account.seconds - before
        outside = time.perf_counter() - began - inside
        for task, _ in chosen:
            task.inside += inside / len(chosen)
            task.outside += outside / len(chosen)
            task.calls += 1 / len(chosen)

    def _go_on(self, task: QueryTask) -> bool:
        """Hand over the answers once they are complete; whether the search goes on."""
        if len(task.answers) < len(task.asked):
            return True
        self._send(task, torch.stack(task.answers))
        return task.open > 0

    def _send(self, task: QueryTask, answers: Tensor | None, *, timed: bool = True) -> None:
        """Resume the search; nothing is open afterwards if it has ended."""
        began = time.perf_counter()
        task.answers, task.handed = [], 0
        try:
            asked = next(task.search) if answers is None else task.search.send(answers)
        except StopIteration:
            asked = task.state.clean[None][:0]
        if len(asked) > self.box.left(task.row):
            # Never run in part: half a finite difference is of no use.
            task.search.close()
            asked = asked[:0]
        task.asked = asked.detach()
        if timed:
            task.outside += time.perf_counter() - began
        if self.watch is not None and answers is not None:
            self.watch(task.row, task.state, self.box.account.spent[task.row])

    def _replay(self, task: QueryTask) -> None:
        """Go on from the answers of an earlier run, which count as they did then."""
        while task.open and len(task.past) >= len(task.asked):
            answers = [task.past.popleft() for _ in range(len(task.asked))]
            self._charge(task, len(answers))
            # The victim's time for these was another run's, and so is the search's.
            self._send(task, torch.stack(answers), timed=False)
        if task.open and task.past:
            # The run broke in the middle of a question.
            task.answers = list(task.past)
            task.handed = len(task.answers)
            self._charge(task, task.handed)
            task.past.clear()

    def _charge(self, task: QueryTask, times: int) -> None:
        self.box.replay(task.row, times)
        task.replayed += times
