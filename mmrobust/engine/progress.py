"""Progress of a run, with the time left: a bar in a terminal, lines elsewhere.

Shapes: M, B queries; K classes.
"""

from __future__ import annotations

import io
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from types import TracebackType
from typing import Any

from mmengine.logging import MMLogger, print_log
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Column
from torch import Tensor

from mmrobust.victims.counting import AnswerLog
from mmrobust.visualization.formatting import duration, number

# Seconds between lines where there is no terminal.
INTERVAL = 15.0


@contextmanager
def tables_to_log() -> Iterator[None]:
    """Send what metrics print to the log, where ``log_level=INFO`` shows it.

    COCO's evaluation prints tables of its own, once for the clean and once for the adversarial
    poses, and does not say which is which.
    """
    text = io.StringIO()
    with redirect_stdout(text):
        yield
    if text.getvalue():
        print_log(text.getvalue().rstrip(), 'current', logging.INFO)


@contextmanager
def metrics_unnoted() -> Iterator[None]:
    """Leave unsaid, but at ``log_level=INFO``, that a metric has no prefix: it needs none."""
    logger = MMLogger.get_current_instance()

    # mmengine's logger takes everything; its handlers have the level of the config.
    chatty = min((one.level for one in logger.handlers), default=0) <= logging.INFO

    def wanted(record: logging.LogRecord) -> bool:
        noted = record.getMessage().startswith('The prefix is not set in metric class')
        return not noted or chatty

    logger.addFilter(wanted)
    try:
        yield
    finally:
        logger.removeFilter(wanted)


class WatchedLog:
    """A log of answers that tells how many there are.

    Args:
        log: Keeps them.
        heard: Is told the number of answers, as they come.
    """

    def __init__(self, log: AnswerLog, heard: Callable[[int], None]) -> None:
        self.log, self.heard = log, heard

    def read(self) -> Tensor | None:
        """Answers (M, K) of an earlier run."""
        found = self.log.read()
        self.heard(0 if found is None else len(found))
        return found

    def append(self, answers: Tensor) -> None:
        """Keep answers (B, K)."""
        self.log.append(answers)
        self.heard(len(answers))


class Progress:
    """Shows samples done, successes so far, queries of those at work, and the time left.

    Args:
        total: Samples of all processes.
        done: Of which an earlier run did.
        world_size: Number of processes; this one stands for all.
        rank: Only process 0 shows anything.
        budget: Queries that a sample may take at most; None where nobody can say.
        verb: What is done to the samples; successes are those of an ``attack``.
    """

    def __init__(
        self,
        total: int,
        done: int,
        world_size: int,
        rank: int,
        budget: int | None = None,
        verb: str = 'attack',
    ) -> None:
        self.verb = verb
        self.total, self.done, self.world_size = total, done, world_size
        self.shown, self.budget = rank == 0, budget
        self.asked: dict[int, int] = {}
        self.tried = self.won = self.failed = self.fresh = 0
        self.began = self.last = time.monotonic()
        console = Console(stderr=True)
        self.bar = Bar(
            TextColumn(f'{verb}ing'),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn('{task.fields[note]}'),
            # Of a least width: a narrow terminal takes its room from the bar.
            TimeRemainingColumn(table_column=Column(no_wrap=True, min_width=7)),
            TextColumn('left', table_column=Column(no_wrap=True, min_width=4)),
            console=console,
            disable=not (self.shown and console.is_terminal),
        )

    def __enter__(self) -> Progress:
        self.bar.start()
        self.task = self.bar.add_task('attack', total=self.total, completed=self.done, note='')
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.bar.stop()

    def advance(self, entry: dict[str, Any]) -> None:
        """One sample more."""
        self.done = min(self.total, self.done + self.world_size)
        self.fresh += 1
        self.failed += entry['error'] is not None
        self.tried += entry['attacked']
        self.won += bool(entry['attacked'] and entry['success'])
        self.asked.pop(entry['index'], None)
        self._show()

    def watched(self, index: int, log: AnswerLog) -> WatchedLog:
        """The log of sample ``index``, whose queries are shown until the sample is done."""

        def heard(answers: int) -> None:
            self.asked[index] = self.asked.get(index, 0) + answers
            self._show()

        return WatchedLog(log, heard)

    def _show(self) -> None:
        note = self._note()
        self.bar.update(self.task, completed=self.done, note=note)
        now = time.monotonic()
        if self.bar.disable and self.shown and now - self.last > INTERVAL:
            self.last = now
            line = f'{self.verb} [{self.done}/{self.total}] {note}'.rstrip()
            if self.fresh:
                left = (self.total - self.done) / self.world_size * (now - self.began) / self.fresh
                line += f', about {duration(left)} left'
            print(line, file=sys.stderr, flush=True)

    def _note(self) -> str:
        """'3 of 5 fooled, 120 of at most 2000 queries' in the samples at work."""
        parts = [f'{self.won} of {self.tried} fooled'] if self.verb == 'attack' else []
        if self.failed:
            parts.append(f'{self.failed} failed to load')
        count = len(self.asked)
        if count:
            most = '' if self.budget is None else f' of at most {number(count * self.budget, 9)}'
            asked = number(sum(self.asked.values()), 9)
            parts.append(f'{asked}{most} queries')
        return ', '.join(parts)
