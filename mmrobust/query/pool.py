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
from mmrobust.query.trial import Search, Trial
from mmrobust.victims.counting import AnswerLog


@dataclass
class Runner:
    """A search on its way.

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
    trial: Trial
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


class Pool:
    """Many samples at once: finished ones leave, waiting ones take their place.

    A call of the victim holds candidates of several samples, up to ``batch``.
    What a search is told does not depend on who shares its calls.

    Args:
        box: Bound to the N samples.
        batch: Candidates per call of the victim.
        logs: One per sample, or None.
        watch: Called after every answer with the row, the trial and its queries so far.
    """

    def __init__(
        self,
        box: BlackBox,
        batch: int,
        logs: Sequence[AnswerLog] | None = None,
        watch: Callable[[int, Trial, int], None] | None = None,
    ) -> None:
        self.box, self.batch, self.logs, self.watch = box, batch, logs, watch
        self.calls: list[int] = []

    def run(self, trials: Sequence[Trial], start: Callable[[Trial], Search]) -> list[Runner]:
        """Run every search to its end, its success or its budget's.

        Returns:
            One runner per sample, in order; results stand in its trial.
        """
        runners: dict[int, Runner] = {}
        waiting, active = deque(enumerate(trials)), list[Runner]()
        while True:
            while waiting and sum(runner.open for runner in active) < self.batch:
                row, trial = waiting.popleft()
                runners[row] = self._begin(row, trial, start)
                if runners[row].open:
                    active.append(runners[row])
            if not active:
                return [runners[row] for row in range(len(trials))]
            self._call(active)
            active = [runner for runner in active if self._go_on(runner)]

    def _begin(self, row: int, trial: Trial, start: Callable[[Trial], Search]) -> Runner:
        runner = Runner(row, trial, start(trial))
        earlier = None if self.logs is None else self.logs[row].read()
        runner.past = deque([] if earlier is None else earlier.to(trial.clean.device))
        self._send(runner, None)
        self._replay(runner)
        return runner

    def _call(self, active: Sequence[Runner]) -> None:
        """One call of the victim, filled from the searches in turn."""
        chosen: list[tuple[Runner, int]] = []
        for runner in active:
            count = min(runner.open, self.batch - len(chosen))
            chosen += [(runner, runner.handed + i) for i in range(count)]
            runner.handed += count
        began, before = time.perf_counter(), self.box.account.seconds
        rows = torch.tensor([runner.row for runner, _ in chosen])
        candidates = torch.stack([r.trial.as_given(r.asked[index]) for r, index in chosen])
        answers = self.box.select(rows)(candidates)
        self.calls.append(len(chosen))
        for (runner, _), answer in zip(chosen, answers, strict=True):
            runner.answers.append(answer)
            if self.logs is not None:
                self.logs[runner.row].append(answer[None].cpu())
        inside = self.box.account.seconds - before
        outside = time.perf_counter() - began - inside
        for runner, _ in chosen:
            runner.inside += inside / len(chosen)
            runner.outside += outside / len(chosen)
            runner.calls += 1 / len(chosen)

    def _go_on(self, runner: Runner) -> bool:
        """Hand over the answers once they are complete; whether the search goes on."""
        if len(runner.answers) < len(runner.asked):
            return True
        self._send(runner, torch.stack(runner.answers))
        return runner.open > 0

    def _send(self, runner: Runner, answers: Tensor | None, *, timed: bool = True) -> None:
        """Resume the search; nothing is open afterwards if it has ended."""
        began = time.perf_counter()
        runner.answers, runner.handed = [], 0
        try:
            asked = next(runner.search) if answers is None else runner.search.send(answers)
        except StopIteration:
            asked = runner.trial.clean[None][:0]
        if len(asked) > self.box.left(runner.row):
            # Never run in part: half a finite difference is of no use.
            runner.search.close()
            asked = asked[:0]
        runner.asked = asked.detach()
        if timed:
            runner.outside += time.perf_counter() - began
        if self.watch is not None and answers is not None:
            self.watch(runner.row, runner.trial, self.box.account.spent[runner.row])

    def _replay(self, runner: Runner) -> None:
        """Go on from the answers of an earlier run, which count as they did then."""
        while runner.open and len(runner.past) >= len(runner.asked):
            answers = [runner.past.popleft() for _ in range(len(runner.asked))]
            self._charge(runner, len(answers))
            # The victim's time for these was another run's, and so is the search's.
            self._send(runner, torch.stack(answers), timed=False)
        if runner.open and runner.past:
            # The run broke in the middle of a question.
            runner.answers = list(runner.past)
            runner.handed = len(runner.answers)
            self._charge(runner, runner.handed)
            runner.past.clear()

    def _charge(self, runner: Runner, times: int) -> None:
        self.box.replay(runner.row, times)
        runner.replayed += times
