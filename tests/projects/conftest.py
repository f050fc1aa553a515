"""Projects as a newcomer runs them."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT


@pytest.fixture
def run_quick():
    """Runs ``projects/NAME/reproduce.py --quick`` in a folder; returns what it printed."""

    def run(name, folder):
        command = [sys.executable, '-W', 'ignore', ROOT / 'projects' / name / 'reproduce.py']
        command += ['--quick', '--work-dir', folder]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    return run
