"""The adversarial samples that an earlier run has saved, read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor

from mmrobust.engine.saved_files import SavedFiles
from mmrobust.engine.victims import victim_kind
from mmrobust.functional.checks import require
from mmrobust.ledger.ledger import loaded_json, read_entries
from mmrobust.ledger.ledger_files import Entry
from mmrobust.registry import SAVED_FILES, VICTIMS, find
from mmrobust.victims.base import Victim


class AdversarialRun:
    """A finished run of ``mmrobust attack --save-adv``.

    Args:
        folder: Its work directory.
        victim: The model, in a space whose samples files can carry.
        dataset: The data set, or a wrapper: that of the run.
        samples: What is attacked one by one (``Victim.samples``).

    Raises:
        ValueError: It is no such folder, has saved nothing, or is of another space or
            model.
    """

    def __init__(self, folder: Path, victim: Victim, dataset: Any, samples: Any) -> None:
        card = loaded_json(folder / 'report.json')
        rule = 'the folder of a finished run of mmrobust attack'
        known = isinstance(card, dict) and {'adversarial_videos', 'space'} <= card.keys()
        require(known, '--adversarial', rule, str(folder))
        where = card['adversarial_videos']
        saved = isinstance(where, str) and Path(where).is_dir()
        require(saved, '--adversarial', 'a run whose --save-adv folder is there', where)
        # Another --space cannot help where the model has none of that name.
        rule = f'of this model and config, for which there is no space {card["space"]!r}'
        require(_has_space(victim, card['space']), '--adversarial', f'a run {rule}', str(folder))
        same = card['space'] == victim.space
        require(same, '--space', f'that of the run, {card["space"]!r}', victim.space)
        kind = victim.kind.saved_files
        require(kind is not None, '--space', 'video, or image for a pose estimator', victim.space)
        self.title = str(card.get('title') or 'adversarial')
        self.folder, self.entries = folder, read_entries(folder)
        self.files: SavedFiles = find(SAVED_FILES, str(kind)).of(Path(where), dataset, samples)

    def pixels(self, index: int, name: str, layout: Any) -> Tensor | None:
        """The adversarial pixels (1, C, ..., H, W), uint8, of a sample; None where none are saved.

        Args:
            index: Of the sample.
            name: Of the sample.
            layout: Of the sample.

        Raises:
            ValueError: The run's sample of that index is another one, or the file's pixels are
                not those of the ledger's line.
        """
        entry = self.entries.get(index)
        if entry is None or entry['error'] is not None or not self.files.holds(entry):
            return None
        rule = f'a run on the same samples; sample {index} is {name!r} here'
        require(entry['name'] == name, '--adversarial', rule, entry['name'])
        found = self.files.read(index, layout)
        self._check(index, entry, found, layout.pixels())
        return found[None]

    def _check(self, index: int, entry: Entry, found: Tensor, clean: Tensor) -> None:
        size = int((found.int() - clean.int()).abs().max())
        rule = f'as the run has saved it (sample {index}: l_inf {entry["linf"]:g})'
        require(size == entry['linf'], str(self.files.folder), rule, f'l_inf {size}')


def _has_space(victim: Victim, space: str) -> bool:
    """Whether the victim, or a variant of it, has that space."""
    if space in victim.kinds:
        return True
    usual = find(VICTIMS, victim_kind(type(victim.model), victim.config))
    return space in find(VICTIMS, usual.named({'space': space})).kinds
