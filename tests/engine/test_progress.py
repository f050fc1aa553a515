"""What metrics print goes to the log."""

import logging

import pytest
from mmengine.logging import MMLogger

from mmrobust.engine.progress import metrics_unnoted, tables_to_log
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
    monkeypatch.setattr(logger, 'level', level)
    with metrics_unnoted():
        Bare()
        logger.warning('something else')
    noted = ['The prefix is not set in metric class Bare.']
    assert lines == noted * said + ['something else']
    Bare()
    assert lines[len(lines) - 1 :] == noted
