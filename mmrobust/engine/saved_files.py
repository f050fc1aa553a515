"""The folder of the adversarial samples, which may be another one than the work directory."""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from torch import Tensor

from mmrobust.io.atomic import remove_leftovers, replacing
from mmrobust.ledger.ledger import Ledger, loaded_json
from mmrobust.ledger.set_aside import set_aside

# Says which run the files beside it are from; not ``run.json``, as the folder may be that of
# the results.
MARK = 'adversarial.json'


class SavedFiles(ABC):
    """Adversarial samples of one run on disk; of which class, the victim's ``kind`` says.

    Args:
        folder: Where to.

    Attributes:
        kind: What they are, in the plural.
        key: Under which the ledger names a sample's file.
    """

    kind: ClassVar[str]
    key: ClassVar[str]

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    @abstractmethod
    def of(cls, folder: Path, dataset: Any, samples: Any) -> Self:
        """Those of a run.

        Args:
            folder: Where to.
            dataset: The data set, or a wrapper.
            samples: What is attacked one by one (``Victim.samples``).
        """

    @abstractmethod
    def existing(self) -> Iterator[Path]:
        """Files in the folder that have the names of such ones."""

    @abstractmethod
    def rehearse(self, index: int, layout: Any) -> None:
        """Write the clean sample to a folder for that alone, and read it back.

        Raises:
            ValueError: The config's pipeline does not read the same.
        """

    @abstractmethod
    def write(self, index: int, layout: Any, adversarial: Any) -> str:
        """Write sample ``index``; returns its name in the folder."""

    @abstractmethod
    def read(self, index: int, layout: Any) -> Tensor:
        """The pixels (C, ...) that ``write`` was given of sample ``index``, in the file's type."""

    @abstractmethod
    def finish(self, rows: list[dict[str, Any]]) -> None:
        """Write what belongs to all of them together, if anything does."""

    def start(self, ledger: Ledger) -> None:
        """Set aside what another run has left, remove what a kill has left of this one's."""
        mark = self.folder / MARK
        if loaded_json(mark) == ledger.fingerprint:
            for folder in {self.folder, *(path.parent for path in self.existing())}:
                remove_leftovers(folder, self.owns)
            return
        set_aside([*self.existing(), mark])
        with replacing(mark) as temporary:
            text = json.dumps(ledger.fingerprint, indent=1) + '\n'
            temporary.write_text(text, encoding='utf-8')

    @abstractmethod
    def owns(self, name: str) -> bool:
        """Whether a file of that name (without folders) may be one of these."""

    def holds(self, entry: Mapping[str, Any]) -> bool:
        """Whether the file that a ledger's line names is there."""
        return self.key in entry and os.path.lexists(self.folder / entry[self.key])
