"""Progress of a run, with the time left: a bar in a terminal, lines elsewhere."""

from __future__ import annotations

import io
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from types import TracebackType
from typing import Any

from mmengine.logging import MMLogger, print_log
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

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

    def wanted(record: logging.LogRecord) -> bool:
        noted = record.getMessage().startswith('The prefix is not set in metric class')
        return not noted or logger.level <= logging.INFO

    logger.addFilter(wanted)
    try:
        yield
    finally:
        logger.removeFilter(wanted)


class Progress:
    """Shows samples done, successes so far and the time left.

    Args:
        total: Samples of all processes.
        done: Of which an earlier run did.
        world_size: Number of processes; this one stands for all.
        rank: Only process 0 shows anything.
    """

    def __init__(self, total: int, done: int, world_size: int, rank: int) -> None:
        self.total, self.done, self.world_size = total, done, world_size
        self.shown = rank == 0
        self.tried = self.won = self.failed = self.fresh = 0
        self.began = self.last = time.monotonic()
        console = Console(stderr=True)
        self.bar = Bar(
            TextColumn('attacking'),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn('{task.fields[note]}'),
            TimeRemainingColumn(),
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
        note = f'{self.won} of {self.tried} fooled'
        if self.failed:
            note += f', {self.failed} failed to load'
        self.bar.update(self.task, completed=self.done, note=note)
        now = time.monotonic()
        if self.bar.disable and self.shown and now - self.last > INTERVAL:
            self.last = now
            left = (self.total - self.done) / self.world_size * (now - self.began) / self.fresh
            line = f'attack [{self.done}/{self.total}] {note}, about {left:.0f} s left'
            print(line, file=sys.stderr, flush=True)
