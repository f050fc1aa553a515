"""Which files a run turned out to use: code of the user's, and what its configs name."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmrobust.ledger.provenance import file_sha256

# Keys of ``run.json`` that hold hashes of files, as far as it has them.
FILES = 'files of'
# In the place of a hash; no file has it.
SEVERAL = 'changed while the run was under way'
# Of the code that runs of this process have loaded: a study's processes do many runs, and
# Python loads a module once.
_loaded_code: dict[str, str | None] = {}


def used_files(folder: Path, command: str) -> dict[str, str | None]:
    """Hashes by absolute path, as the ledgers of a run have them.

    Which files these are, a study cannot know before: attacks, threats and goals find their
    modules as they are built. To be called in the process that did the run, or went on with
    it, which has those modules loaded: ledgers name them, and not where they lie.

    Args:
        folder: Of the run.
        command: Which command it was.
    """
    found: dict[str, str | None] = {}
    for ledger in _ledgers(folder, command):
        content = _loaded(ledger / 'run.json')
        for key in content:
            for name, sha256 in _hashes(content[key]) if key.startswith(FILES) else ():
                path = str(_path(name))
                if name in sys.modules:
                    _loaded_code.setdefault(path, sha256)
                found[path] = sha256 if found.get(path, sha256) == sha256 else SEVERAL
    return dict(sorted(found.items()))


def unchanged(used: Mapping[str, str | None]) -> bool:
    """Whether files, hashes by path, are still what they were."""
    return all(file_sha256(path) == sha256 for path, sha256 in used.items())


def refuse_changed_code() -> None:
    """Raise ValueError if code of earlier runs of this process is no longer what it loaded.

    The next run would be done by the code as it was, and be written down under the new one.
    """
    for path, sha256 in _loaded_code.items():
        if file_sha256(path) != sha256:
            raise ValueError(
                f'{path} must stay as it is while a study runs, and was changed: start the study '
                'again, what is complete and does not use it is kept'
            )


def _ledgers(folder: Path, command: str) -> Iterator[Path]:
    """Folders of a run's ledgers; what a sweep or a card no longer has does not count."""
    if command == 'card':
        attacks = _loaded(folder / 'card.json').get('attacks', ())
        yield from (folder / name for name in ('corruptions', *(one['name'] for one in attacks)))
        return
    if command != 'sweep':
        yield folder
        return
    for point in _loaded(folder / 'sweep.json').get('points', ()):
        yield folder / f'eps{point["eps"]:.12g}'


def _loaded(path: Path) -> dict[str, Any]:
    """A file of JSON; nothing where there is none, as of a command that keeps no ledger."""
    found: dict[str, Any] = json.loads(path.read_text(encoding='utf-8')) if path.exists() else {}
    return found


def _hashes(files: Any) -> Iterator[tuple[str, str | None]]:
    """Files, or modules, with their hashes; a transfer has them for every attack and model."""
    for part in files if isinstance(files, list) else ():
        yield from _hashes(part)
    for name, value in files.items() if isinstance(files, dict) else ():
        if isinstance(value, dict | list):
            yield from _hashes(value)
        else:
            yield name, value


def _path(name: str) -> Path:
    """The file of a module, or the one that a path leads to from here."""
    file = getattr(sys.modules.get(name), '__file__', None)
    return Path(file or name).resolve()
