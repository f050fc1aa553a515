"""Projects as a newcomer runs them."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT


@pytest.fixture
def run_quick():
    """Runs the study ``projects/NAME --quick`` in a folder; returns what it printed."""

    def run(name, folder):
        spec = ROOT / 'projects' / name / 'study.py'
        command = [sys.executable, '-W', 'ignore', ROOT / 'tools' / 'study.py', spec]
        command += ['--quick', '--work-dir', folder]
        # The other tests run beside: one thread, as they.
        single = os.environ | {'OMP_NUM_THREADS': '1'}
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=ROOT, check=False, env=single
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    return run
