"""The answers that query attacks were given, kept until their sample is done.

A search is decided by its seed and by the answers it got. A run that breaks in
the middle of a sample therefore goes on exactly where it was: the search is
run again on the answers that are on file, and asks the victim for the rest.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

FOLDER = 'answers'
NAME = re.compile(r'\d{6,}\.bin')


class AnswerFile:
    """The answers to one sample's queries, on disk; made with the first one.

    Args:
        path: The file. Its first line says what follows: rows of one type.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Tensor | None:
        """Answers (M, K), in order; None without any. A row cut off by a kill is dropped."""
        if not self.path.exists():
            return None
        content = self.path.read_bytes()
        line, _, body = content.partition(b'\n')
        try:
            head: dict[str, Any] = json.loads(line)
        except (ValueError, RecursionError):
            self.remove()
            return None
        size = head['classes'] * np.dtype(head['dtype']).itemsize
        kept = len(body) // size * size
        if kept < len(body):
            with self.path.open('r+b') as file:
                file.truncate(len(line) + 1 + kept)
        found = np.frombuffer(body[:kept], head['dtype']).reshape(-1, head['classes'])
        return torch.from_numpy(found.copy())

    def append(self, answers: Tensor) -> None:
        """Add answers (B, K)."""
        rows = answers.numpy()
        fresh = not self.path.exists()
        if fresh:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open('ab') as file:
            if fresh:
                head = {'dtype': rows.dtype.name, 'classes': rows.shape[1]}
                file.write(json.dumps(head).encode() + b'\n')
            file.write(rows.tobytes())

    def remove(self) -> None:
        """The sample is done."""
        self.path.unlink(missing_ok=True)


def answer_file(work_dir: str | Path, index: int) -> AnswerFile:
    """The file of sample ``index`` of the run in ``work_dir``."""
    return AnswerFile(Path(work_dir) / FOLDER / f'{index:06d}.bin')


def forget_answers(work_dir: str | Path) -> None:
    """Remove all answers on file, for a run that begins anew; other files stay."""
    for path in (Path(work_dir) / FOLDER).glob('*.bin'):
        if NAME.fullmatch(path.name):
            path.unlink()
