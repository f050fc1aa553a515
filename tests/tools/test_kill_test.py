"""Some of the kills of the kill test, and one pair of runs in one folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / 'tools' / 'analysis_tools' / 'kill_test.py'


def kill_test(folder, *arguments):
    options = ('--options', 'settings.max_samples=3', 'test_dataloader.batch_size=2')
    words = [sys.executable, str(TOOL), '--work-dir', str(folder), *arguments, *options]
    environment = os.environ | {'OMP_NUM_THREADS': '1'}
    return subprocess.run(words, env=environment, capture_output=True, text=True)


@pytest.mark.slow
def test_killed_runs_come_out_as_one_left_alone_and_no_two_share_a_folder(tmp_path):
    done = kill_test(tmp_path, '--kills', '4', '--pairs', '1')
    assert done.returncode == 0, done.stdout + done.stderr
    assert '4 of 4 resumed runs are equal' in done.stdout
    assert '1 of 1 pairs went as they should' in done.stdout


def test_differences_are_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, 'path', [str(TOOL.parent), *sys.path])
    import kill_test as tool

    one, other = tmp_path / 'one', tmp_path / 'other'
    for folder in (one, other):
        (folder / '20260131_120000').mkdir(parents=True)
        (folder / 'report.json').write_text('{"n": 3, "rate": 0.5, "wall_time": 1.5}')
        (folder / '000000.mkv').write_bytes(b'frames')
    assert tool.differences(one, other) == []
    (one / '20260131_120000' / 'log').write_text('x')
    (one / 'report.json').write_text('{"n": 3, "rate": 0.50000001, "wall_time": 2.5}')
    assert tool.differences(one, other) == []
    (one / 'report.json').write_text('{"n": 3, "rate": 0.6, "wall_time": 1.5}')
    (one / '000000.mkv').write_bytes(b'others')
    (one / '.000001.mkv').write_bytes(b'half')
    told = ['file .000001.mkv', 'content of 000000.mkv', 'numbers in report.json']
    assert tool.differences(one, other) == told
