"""Scripts of a study run on one thread, unless the user says otherwise."""

import subprocess

import pytest

from mmrobust.cli.scripts import run_script

WORDS = 'import os, sys; print(os.environ["OMP_NUM_THREADS"], *sys.argv[1:])'


@pytest.mark.parametrize(('told', 'threads'), [(None, '1'), ('3', '3')])
def test_one_thread_unless_the_user_says_otherwise(told, threads, tmp_path, monkeypatch, capfd):
    script = tmp_path / 'script.py'
    script.write_text(WORDS)
    monkeypatch.delenv('OMP_NUM_THREADS', raising=False)
    if told:
        monkeypatch.setenv('OMP_NUM_THREADS', told)
    run_script(script, 'a', tmp_path, 2)
    assert capfd.readouterr().out.split() == [threads, 'a', str(tmp_path), '2']


def test_a_script_that_fails_ends_the_study(tmp_path):
    script = tmp_path / 'script.py'
    script.write_text('raise SystemExit(2)')
    with pytest.raises(subprocess.CalledProcessError):
        run_script(script)
