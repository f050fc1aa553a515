"""Samples to look at: clean, adversarial, difference, side by side."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from mmrobust.attacks import Attack
from mmrobust.attacks.outcome import Outcome
from mmrobust.ledger.ledger_files import Entry
from mmrobust.victims.base import Victim
from mmrobust.victims.samples import Loaded


class Previews(ABC):
    """How one kind of sample is shown; which one, the victim's ``kind`` says.

    Attributes:
        suffix: Of the files.
        amplifies: Whether they show the change itself, amplified.
    """

    suffix: ClassVar[str]
    amplifies: ClassVar[bool] = True

    @classmethod
    @abstractmethod
    def of(cls, metainfo: Mapping[str, Any], victim: Victim, attack: Attack) -> Self:
        """Those of a run.

        Args:
            metainfo: Of the data set: names of classes, skeleton and colours.
            victim: Of the run.
            attack: Likewise.
        """

    @abstractmethod
    def write(self, path: Path, loaded: Loaded, outcome: Outcome, entry: Entry) -> None:
        """Write the picture of one sample; the file appears only when it is complete.

        Args:
            path: The file.
            loaded: The sample as it was loaded, alone in its batch.
            outcome: Of the attack.
            entry: Its line in the ledger; under ``amplified`` the factor of the change.
        """

    @abstractmethod
    def caption(self, entry: Entry) -> str:
        """What happened to it, in a few words."""

    def described(self, entry: Entry) -> str:
        """The caption, with the factor by which the change is amplified where that is known."""
        words, factor = self.caption(entry), entry.get('amplified')
        return f'{words}; difference × {factor:g}' if factor else words
