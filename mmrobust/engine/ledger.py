"""The results ledger: one line per sample, written as it finishes.

``results.jsonl`` holds the rows; ``run.json`` beside it says which run they
belong to. Several processes write ``results.1.jsonl`` and so on, and the
first one merges them. A killed run loses at most the sample in hand.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

Entry = dict[str, Any]
Fingerprint = dict[str, Any]


class OtherRunError(ValueError):
    """What is there to go on from was made by another run."""


class Ledger:
    """Append-only results of one run.

    Args:
        folder: The work directory.
        fingerprint: What decides the results: config, checkpoint, attack,
            seed. A ledger is continued only under the same.
        rank: Number of this process.
        resume: Go on from the entries that are there; otherwise earlier
            results are moved aside, never overwritten.

    Raises:
        OtherRunError: ``resume``, but the entries belong to another run.
        OSError: The folder cannot be written.
    """

    def __init__(
        self, folder: str | Path, fingerprint: Fingerprint, *, rank: int, resume: bool
    ) -> None:
        self.folder = Path(folder)
        self.rank = rank
        self.path = self.folder / ('results.jsonl' if rank == 0 else f'results.{rank}.jsonl')
        self.fingerprint: Fingerprint = json.loads(json.dumps(fingerprint, default=str))
        self.entries: dict[int, Entry] = {}
        if resume:
            self._check_same_run()
            self.entries = read_entries(self.folder)

    def start(self) -> None:
        """Open the ledger for this run; the first process, before the others write."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.entries:
            self._set_aside()
        _write(self.folder / 'run.json', json.dumps(self.fingerprint, indent=1) + '\n')
        self.rewrite(self.entries)

    def append(self, entry: Entry) -> None:
        """Write one sample's line and keep it."""
        self.entries[entry['index']] = entry
        line = json.dumps(entry, allow_nan=True) + '\n'
        with self.path.open('a', encoding='utf-8') as file:
            file.write(line)
            file.flush()

    def rewrite(self, entries: dict[int, Entry]) -> None:
        """Replace all ledger files by one, sorted by index."""
        lines = [json.dumps(entries[index]) + '\n' for index in sorted(entries)]
        _write(self.folder / 'results.jsonl', ''.join(lines))
        for part in self.folder.glob('results.[0-9]*.jsonl'):
            if part.stem.removeprefix('results.').isdigit():
                part.unlink()

    def _check_same_run(self) -> None:
        path = self.folder / 'run.json'
        if not path.exists():
            if read_entries(self.folder):
                raise ValueError(
                    f'--resume: {path} is missing, so that nobody can tell whether the results '
                    f'in {self.folder} belong to this run'
                )
            return
        earlier = json.loads(path.read_text(encoding='utf-8'))
        keys = earlier.keys() | self.fingerprint.keys()
        other = sorted(k for k in keys if earlier.get(k) != self.fingerprint.get(k))
        if other:
            raise OtherRunError(
                f'--resume: the results in {self.folder} belong to another run; '
                f'it differs in: {", ".join(other)}'
            )

    def _set_aside(self) -> None:
        stamp, number = time.strftime('%Y%m%d_%H%M%S'), 0
        while list(self.folder.glob(f'*.before_{stamp}_{number}.*')):
            number += 1
        earlier = [*self.folder.glob('results*.jsonl'), *self.folder.glob('report.*')]
        for path in earlier:
            if 'before' not in path.name and path.stat().st_size:
                path.rename(path.with_name(f'{path.stem}.before_{stamp}_{number}{path.suffix}'))


def read_entries(folder: Path) -> dict[int, Entry]:
    """All whole lines of a folder's ledger files, by sample index.

    A line cut off by a kill is dropped: its sample is done again.
    """
    entries = {}
    for path in sorted(folder.glob('results*.jsonl')):
        if 'before' in path.name:
            continue
        for line in path.read_text(encoding='utf-8').splitlines():
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:
                continue
            entries[entry['index']] = entry
    return entries


def _write(path: Path, text: str) -> None:
    """Write so that a kill leaves the old file or the new one, not half."""
    temporary = path.with_name(path.name + '.part')
    temporary.write_text(text, encoding='utf-8')
    os.replace(temporary, path)
