"""A job of a study: one command, told as a user would tell it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmrobust.io.configs import with_bases
from mmrobust.ledger.provenance import file_sha256
from mmrobust.studies.resuming import finish, finished, resumed
from mmrobust.studies.used_files import refuse_changed_code, used_files

# Command -> its function, which takes the words behind its name.
Commands = Mapping[str, Callable[[Sequence[str]], None]]
# Command -> the file that it leaves at its end.
CARDS = {
    'attack': 'report.json',
    'card': 'card.json',
    'sweep': 'sweep.json',
    'transfer': 'transfer.json',
}


@dataclass(frozen=True)
class Written:
    """A word of a job that is a config file, written into the job's folder.

    Attributes:
        name: Of the file.
        content: Of the config.
    """

    name: str
    content: Mapping[str, Any]


@dataclass(frozen=True)
class StudyJob:
    """One run of a command, and what decides it.

    Attributes:
        place: Folder of its results, below the study's.
        command: Among CARDS.
        words: What the command is told, positional ones first; paths of files, and
            :class:`Written`, as such. The folder and ``--resume`` are added.
        options: Overrides of the config, ``KEY=VALUE``.
        inputs: Files that decide the results beside those among the words.
        seconds: CPU seconds at most, for the estimate alone.
    """

    place: Path
    command: str
    words: Sequence[object]
    options: Sequence[str] = ()
    inputs: Sequence[Path] = field(default=())
    seconds: float = 0.0

    def plan(self) -> dict[str, Any]:
        """All that is known to decide the results, as JSON holds it: words, options, hashes.

        Those of files: configs with their bases, weights, inputs.
        """
        words = [_plain(w.content) if isinstance(w, Written) else str(w) for w in self.words]
        told = [word for word in self.words if isinstance(word, Path)]
        files = [*told, *(base for word in told for base in with_bases(word)), *self.inputs]
        hashes = {str(path): file_sha256(path) for path in files}
        return {
            'command': self.command,
            'words': words,
            'options': list(self.options),
            'files': hashes,
        }

    def finished(self, folder: Path) -> bool:
        """Whether its results are complete in the study's folder, under this very plan and code."""
        return finished(folder / self.place, self.plan(), CARDS[self.command])

    def run(self, folder: Path, commands: Commands) -> None:
        """Run the command, or go on with it, in the study's folder.

        Raises:
            ValueError: Code that an earlier run of this process used has changed since.
        """
        refuse_changed_code()
        out, plan = folder / self.place, self.plan()
        out.mkdir(parents=True, exist_ok=True)
        words = [_written(w, out) if isinstance(w, Written) else w for w in self.words]
        words += ['--work-dir', out]
        words += ['--cfg-options', *self.options] if self.options else []
        resumed(commands[self.command], words)
        # Last: a job under another plan is begun again, not taken for this one.
        finish(out, plan, used_files(out, self.command))


def _plain(value: Any) -> Any:
    """Mappings and sequences as JSON gives them back."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _written(word: Written, folder: Path) -> Path:
    path = folder / word.name
    Config(dict(word.content)).dump(path)
    return path
