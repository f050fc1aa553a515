"""Studies call the tools as a user would, each in a process of its own."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from mmengine.config import Config

from mmrobust.ledger.provenance import file_sha256

TRAIN = ('-m', 'mmrobust', 'train')


def run_script(*words: object) -> None:
    """Run a Python script to its end, on one thread.

    A study does several things at once, and threads that outnumber the cores wait for
    each other: ten times slower was measured. ``OMP_NUM_THREADS``, where set, decides.

    Args:
        *words: The script, or ``-m`` and a module, and its words; run by this interpreter.

    Raises:
        subprocess.CalledProcessError: If it fails.
    """
    command = [sys.executable, '-W', 'ignore', *map(str, words)]
    subprocess.run(command, check=True, env={'OMP_NUM_THREADS': '1', **os.environ})


def trained(
    config: Path,
    folder: Path,
    options: Sequence[str] = (),
    data: Sequence[Path] = (),
    tool: Sequence[object] = TRAIN,
) -> Path:
    """The weights of a victim, trained where there are none of this training.

    A training that was broken off begins again: going on would draw other random
    numbers. Weights of another training are kept beside the new ones.

    Args:
        config: Of the training.
        folder: Of this victim alone; its file ``trained`` says by which training.
        options: Overrides of the config, ``KEY=VALUE``.
        data: Files that decide the training, such as annotations.
        tool: What trains, as :func:`run_script` takes it.

    Returns:
        The last checkpoint.
    """
    told = _digest(config, options, data)
    mark = folder / 'trained'
    if not (mark.exists() and mark.read_text() == told):
        if mark.exists():
            _set_aside(folder)
        shutil.rmtree(folder, ignore_errors=True)
        words: list[object] = [config, '--work-dir', folder]
        run_script(*tool, *words, *(['--cfg-options', *options] if options else []))
        # The last checkpoint is written before the training's last lines: this file, after them.
        mark.write_text(told)
    return folder / Path((folder / 'last_checkpoint').read_text().strip()).name


def stale(made: Path, *inputs: Path) -> bool:
    """Whether a file is missing or older than what it is made of."""
    if not made.exists():
        return True
    changed = made.stat().st_mtime_ns
    return any(path.stat().st_mtime_ns > changed for path in inputs)


def _digest(config: Path, options: Sequence[str], data: Sequence[Path]) -> str:
    parts = [Config.fromfile(config).pretty_text, *options, *map(str, map(file_sha256, data))]
    return hashlib.sha256('\n'.join(parts).encode()).hexdigest()


def _set_aside(folder: Path) -> None:
    names = (folder.with_name(f'{folder.name}.old{number}') for number in count(1))
    free = next(name for name in names if not name.exists())
    folder.rename(free)
    print(f'{folder} holds weights of another training, kept in {free.name}: beginning again')
