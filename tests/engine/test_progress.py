"""Progress of a run; what metrics print goes to the log."""

import io
import logging
from types import SimpleNamespace

import pytest
import torch
from mmengine.logging import MMLogger
from rich.console import Console

from mmrobust.engine import progress
from mmrobust.engine.attack_loop import AttackTestLoop
from mmrobust.engine.progress import Progress, metrics_unnoted, tables_to_log
from mmrobust.evaluation.metrics import AttackCost


def test_tables_of_metrics_go_to_the_log(capsys, monkeypatch):
    logger = MMLogger.get_current_instance()
    lines = []
    monkeypatch.setattr(logger, 'log', lambda level, text: lines.append((level, text)))
    with tables_to_log():
        print(' Average Precision = 0.9')
    with tables_to_log():
        pass
    assert capsys.readouterr().out == ''
    assert lines == [(logging.INFO, ' Average Precision = 0.9')]


class Bare(AttackCost):
    """A metric whose author has set no prefix."""

    default_prefix = None


@pytest.mark.parametrize(('level', 'said'), [(logging.WARNING, False), (logging.INFO, True)])
def test_metrics_without_a_prefix_are_no_news(monkeypatch, level, said):
    logger, lines = MMLogger.get_current_instance(), []
    monkeypatch.setattr(logger, 'callHandlers', lambda record: lines.append(record.getMessage()))
    for handler in logger.handlers:
        monkeypatch.setattr(handler, 'level', level)
    with metrics_unnoted():
        Bare()
        logger.warning('something else')
    noted = ['The prefix is not set in metric class Bare.']
    assert lines == noted * said + ['something else']
    Bare()
    assert lines[len(lines) - 1 :] == noted


class Log:
    """Answers of an earlier run, and those that are added."""

    def __init__(self, earlier):
        self.rows = earlier

    def read(self):
        return self.rows or None

    def append(self, answers):
        self.rows += list(answers)


def entry(index, success):
    return {'index': index, 'error': None, 'attacked': True, 'success': success}


@pytest.fixture
def lines(monkeypatch, capsys):
    """What a run prints where there is no terminal, all of it."""
    monkeypatch.setattr(progress, 'INTERVAL', -1.0)
    return lambda: capsys.readouterr().err.splitlines()


def test_queries_inside_of_samples_are_told_while_they_are_asked(lines):
    with Progress(10, 0, 1, 0, budget=1000) as shown:
        kept = Log([torch.zeros(3)] * 7)
        first, second = shown.watched(0, kept), shown.watched(1, Log([]))
        assert len(first.read()) == 7
        assert second.read() is None
        second.append(torch.zeros(5, 3))
        first.append(torch.zeros(2, 3))
        assert lines() == [
            'attack [0/10] 0 of 0 fooled, 7 of at most 1000 queries',
            'attack [0/10] 0 of 0 fooled, 7 of at most 2000 queries',
            'attack [0/10] 0 of 0 fooled, 12 of at most 2000 queries',
            'attack [0/10] 0 of 0 fooled, 14 of at most 2000 queries',
        ]
        assert len(kept.rows) == 9
        shown.advance(entry(0, True))
        (line,) = lines()
        assert line.startswith('attack [1/10] 1 of 1 fooled, 5 of at most 1000 queries, ')
        shown.advance(entry(1, False))
        assert 'queries' not in lines()[0]


def test_without_a_budget_queries_are_only_counted(lines):
    with Progress(2, 0, 1, 0) as shown:
        shown.watched(0, Log([])).append(torch.zeros(4, 3))
        assert lines() == ['attack [0/2] 0 of 0 fooled, 4 queries']


def test_the_time_left_is_said_to_be_that(lines, monkeypatch):
    with Progress(9, 0, 1, 0) as shown:
        shown.began -= 50
        shown.advance(entry(0, True))
        assert lines() == ['attack [1/9] 1 of 1 fooled, about 6 min 40 s left']
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=76, color_system=None)
    monkeypatch.setattr(progress, 'Console', lambda **_: console)
    with Progress(9, 0, 1, 0, budget=10_000) as shown:
        shown.watched(0, Log([])).append(torch.zeros(123, 3))
    # The bar gives way, not the time.
    assert '123 of at most 10 000 queries -:--:-- left' in ' '.join(screen.getvalue().split())


def test_a_run_counts_what_its_query_attack_asks(tmp_path, lines):
    loop = AttackTestLoop.__new__(AttackTestLoop)
    loop._runner = SimpleNamespace(work_dir=str(tmp_path))
    loop.progress = None
    loop._answer_log(3).append(torch.zeros(2, 3))
    with Progress(5, 0, 1, 0) as loop.progress:
        log = loop._answer_log(3)
        # What an earlier run was told counts, too.
        assert len(log.read()) == 2
        log.append(torch.zeros(4, 3))
        assert loop.progress.asked == {3: 6}
        assert lines()[-1].endswith('6 queries')
