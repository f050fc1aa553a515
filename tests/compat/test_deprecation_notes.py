"""What mmengine says of its old readers is not said; what else it says is."""

import logging

import pytest
from mmaction.datasets.transforms import DecordInit
from mmengine.fileio import file_client
from mmengine.logging import MMLogger


@pytest.fixture
def said(monkeypatch):
    found = []
    logger = MMLogger.get_current_instance()
    monkeypatch.setattr(logger, 'log', lambda level, text: found.append(text))
    return found


def test_opening_a_video_says_nothing(said, tmp_path):
    (tmp_path / 'a.mp4').write_bytes(b'no video')
    with pytest.raises(RuntimeError, match='Error reading'):
        DecordInit()({'filename': str(tmp_path / 'a.mp4')})
    assert said == []


def test_other_words_are_said(said):
    file_client.print_log('the disk is full', logger='current', level=logging.WARNING)
    assert said == ['the disk is full']
