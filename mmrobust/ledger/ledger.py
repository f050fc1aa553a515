"""The results ledger: one line per sample, written as it finishes.

``results.jsonl`` holds the rows; ``run.json`` beside it says which run they
belong to, and each line has that run's digest. Several processes write
``results.1.jsonl`` and so on, and the first one merges them. A killed run loses
at most the sample in hand. Files of any other name are none of its business.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mmrobust.functional.canonical import canonical, digest
from mmrobust.functional.checks import require
from mmrobust.io.atomic import replacing
from mmrobust.ledger.differences import listed_differences
from mmrobust.ledger.ledger_files import Check, Entry, ledger_files, read_lines
from mmrobust.ledger.set_aside import set_aside

# A key that no fingerprint is without.
MARK = 'mmrobust version'
Fingerprint = dict[str, Any]


class OtherRunError(ValueError):
    """What is there to go on from was made by another run."""


def another_run(folder: Path, differences: str) -> str:
    """What is said of results of another run: what differs, and what to do."""
    return (
        f'--resume: the results in {folder} belong to another run; it differs in: {differences} '
        '(another --work-dir starts anew; the results that are there stay)'
    )


class Ledger:
    """Append-only results of one run.

    Args:
        folder: The work directory.
        fingerprint: What decides the results: config, checkpoint, attack,
            seed. A ledger is continued only under the same.
        rank: Number of this process.
        resume: Go on from the entries that are there; otherwise earlier
            results are moved aside, never overwritten.
        size: How many lines there can be at most; None: any number.
        check: Raises ValueError for an entry that this run cannot go on from.

    Attributes:
        continues: Whether it goes on from an earlier run, even one without any entry.
        repeated: Whether the last run here had the same fingerprint, resumed or not.

    Raises:
        OtherRunError: ``resume``, but the entries belong to another run.
        ValueError: ``resume``, but ``run.json`` or a line is damaged.
        OSError: The folder cannot be written.
    """

    def __init__(
        self,
        folder: str | Path,
        fingerprint: Fingerprint,
        *,
        rank: int,
        resume: bool,
        size: int | None = None,
        check: Check | None = None,
    ) -> None:
        self.folder = Path(folder)
        self.path = self.folder / ('results.jsonl' if rank == 0 else f'results.{rank}.jsonl')
        self.fingerprint: Fingerprint = canonical(fingerprint)
        self.run = digest(fingerprint)
        self.entries: dict[int, Entry] = {}
        self.continues = resume and self._same_run()
        self.repeated = self.continues or loaded_json(self.folder / 'run.json') == self.fingerprint
        if self.continues:
            self._go_on(size, check, loud=rank == 0)

    def start(self, outputs: Iterable[Path] = ()) -> None:
        """Open the ledger for this run; the first process, before the others write.

        Args:
            outputs: What else the run will write and is there already; set aside with
                the results, unless the run goes on from those.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.continues:
            # ``run.json`` last: without it the others say nothing.
            set_aside([*ledger_files(self.folder), *outputs, self.folder / 'run.json'])
        with replacing(self.folder / 'run.json') as temporary:
            temporary.write_text(json.dumps(self.fingerprint, indent=1) + '\n', encoding='utf-8')
        self.rewrite(self.entries)

    def append(self, entry: Entry) -> Entry:
        """Write one sample's line and keep it; returns it, with the run's digest."""
        entry = {**entry, 'run': self.run}
        self.entries[entry['index']] = entry
        line = json.dumps(entry, allow_nan=True) + '\n'
        with self.path.open('a', encoding='utf-8') as file:
            file.write(line)
            file.flush()
        return entry

    def rewrite(self, entries: dict[int, Entry]) -> None:
        """Replace all ledger files by one, sorted by index."""
        with (
            replacing(self.folder / 'results.jsonl') as temporary,
            temporary.open('w', encoding='utf-8') as file,
        ):
            file.writelines(json.dumps(entries[index]) + '\n' for index in sorted(entries))
        for part in ledger_files(self.folder)[1:]:
            part.unlink()

    def _same_run(self) -> bool:
        """Whether there is a run to go on from; OtherRunError if it is another one."""
        path = self.folder / 'run.json'
        if not path.exists():
            if any(file.exists() and file.stat().st_size for file in ledger_files(self.folder)):
                raise ValueError(
                    f'--resume: {path} is missing, so that nobody can tell whether the results '
                    f'in {self.folder} belong to this run'
                )
            return False
        earlier = loaded_json(path)
        if not isinstance(earlier, dict):
            rule = 'a JSON object, as a run writes it (a run without --resume sets it aside)'
            require(False, f'--resume: {path}', rule, _beginning(path))
        if MARK in self.fingerprint and MARK not in earlier:
            raise ValueError(
                f'--resume: {path} must be of a run of mmrobust, got a file without {MARK!r}: give '
                'another --work-dir (a run without --resume sets the file aside)'
            )
        other = listed_differences(earlier, self.fingerprint)
        if other:
            raise OtherRunError(another_run(self.folder, other))
        return True

    def _go_on(self, size: int | None, check: Check | None, *, loud: bool) -> None:
        """Read the entries; one sample may have been done twice, and says so."""
        again = []
        for place, entry in read_lines(self.folder, size, check):
            if entry.get('run') != self.run:
                raise OtherRunError(
                    f'--resume: {place}: run must be {self.run!r}, which stands for this run, '
                    f'got {entry.get("run")!r}; remove the line to attack its sample again'
                )
            earlier = self.entries.get(entry['index'])
            if earlier is not None and earlier != entry and earlier.get('error') is None:
                again.append(place)
            self.entries[entry['index']] = entry
        if again and loud:
            one = len(again) == 1
            what = '1 line repeats a sample and counts' if one else None
            what = what or f'{len(again)} lines repeat a sample and count'
            print(f'{what} in its place: {again[0]}{"" if one else ", ..."}')


def read_entries(folder: Path) -> dict[int, Entry]:
    """All whole lines of a folder's ledger files, by sample index.

    A line cut off by a kill is dropped: its sample is done again.

    Raises:
        ValueError: A line is damaged; the message names the file, the line, the rule.
    """
    return {entry['index']: entry for _, entry in read_lines(folder)}


def loaded_json(path: Path) -> Any:
    """A JSON file's content; None where it has none."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None


def _beginning(path: Path) -> str:
    return path.read_bytes()[:60].decode('utf-8', 'replace')
