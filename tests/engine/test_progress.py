"""What metrics print goes to the log."""

import logging

from mmengine.logging import MMLogger

from mmrobust.engine.progress import tables_to_log


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
