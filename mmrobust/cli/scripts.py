"""Studies call the tools as a user would, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def run_script(script: Path, *arguments: object) -> None:
    """Run a Python script to its end, on one thread.

    A study does several things at once, and threads that outnumber the cores wait for
    each other: ten times slower was measured. ``OMP_NUM_THREADS``, where set, decides.

    Args:
        script: Run by this interpreter.
        *arguments: Its words.

    Raises:
        subprocess.CalledProcessError: If it fails.
    """
    words = [sys.executable, '-W', 'ignore', str(script), *map(str, arguments)]
    subprocess.run(words, check=True, env={'OMP_NUM_THREADS': '1', **os.environ})
