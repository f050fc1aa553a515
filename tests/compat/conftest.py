"""Small fake environments, in which what is missing is really missing."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mmrobust.compat._scope import VARIABLE

ROOT = Path(__file__).parents[2]
# Runs code in a fresh interpreter: files to lay out first, and whether the
# site-packages are visible. A failure of the code is an ordinary result.
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(
        code: str,
        files: dict[str, str] | None = None,
        *,
        bare: bool = True,
        environment: dict[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        for name, text in (files or {}).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        # Tests may have asked for the heals; who starts afresh has not.
        given = {name: text for name, text in os.environ.items() if name != VARIABLE}
        return subprocess.run(
            [sys.executable, *(['-S'] if bare else []), '-c', code],
            env={
                **given,
                'PYTHONPATH': os.pathsep.join([str(tmp_path), str(ROOT)]),
                **(environment or {}),
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run
