"""What a corruption run leaves beside its ledger: strips of its kinds, report.json, report.html."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrobust.datasets.wrappers import leaves
from mmrobust.engine.artifacts import check_writable, finite
from mmrobust.engine.saved_cells import SavedCells, told
from mmrobust.evaluation.cues import CUE
from mmrobust.evaluation.run_numbers import corruption_numbers
from mmrobust.functional.checks import require
from mmrobust.io.atomic import remove_leftovers
from mmrobust.ledger.ledger import Ledger
from mmrobust.ledger.ledger_files import Entry
from mmrobust.ledger.provenance import file_sha256, versions, weights_of
from mmrobust.visualization.corruptions import print_corruptions, write_corruptions
from mmrobust.visualization.files import write_json
from mmrobust.visualization.formatting import counted
from mmrobust.visualization.stills import write_picture

SCHEMA = 1
STRIP = re.compile(r'[a-z0-9_]+\.png')


class CorruptionArtifacts:
    """Files of one corruption run.

    Args:
        loop: The :class:`~mmrobust.engine.corruption_loop.CorruptionTestLoop`.

    Attributes:
        folders: The work directory, and that of the saved samples.
        saved: The corrupted samples as files, if they are wanted.

    Raises:
        ValueError: ``save`` is a folder with other files.
        OSError: A folder cannot be written.
    """

    def __init__(self, loop: Any) -> None:
        self.loop = loop
        self.folder = Path(loop.runner.work_dir)
        dataset = loop.dataloader.dataset
        rule = 'left out of a run of corruptions, whose option is save'
        require(loop.settings.save_adv is None, 'settings.save_adv', rule, loop.settings.save_adv)
        self.saved: SavedCells | None = None
        if loop.settings.save:
            wanted = Path(loop.settings.save).absolute()
            # What the run itself has put there would be somebody's files.
            apart = not self.folder.resolve().is_relative_to(wanted.resolve())
            rule = 'another folder than --work-dir, and not one around it'
            require(apart, '--save', rule, loop.settings.save)
            self.saved = SavedCells(wanted, loop.cells.names, dataset)
        self.folders = [self.folder, *([self.saved.folder] if self.saved else [])]
        for folder in self.folders:
            check_writable(folder)
        self.source = next((s for d in leaves(dataset) if (s := getattr(d, 'source', None))), None)

    def complete(self, entry: Entry) -> bool:
        """Whether a sample needs no second go: it loaded, and what was saved is there."""
        if entry['error'] is not None:
            return False
        return self.saved is None or self.saved.holds(entry)

    def resumed(self, ledger: Ledger) -> None:
        """Refuse to go on without the folder of what was saved: the report would name none."""
        saved = sum(bool(entry.get('saved')) for entry in ledger.entries.values())
        rule = f'given again: {counted(saved, "line")} of {self.folder} tell of saved samples'
        require(self.saved is not None or not saved, '--save', rule, None)

    def earlier(self) -> Iterator[Path]:
        """Files in the work directory under names that the run will write."""
        yield from (self.folder / name for name in ('report.json', 'report.html'))
        strips = self.folder / 'strips'
        if strips.is_dir():
            yield from (path for path in strips.iterdir() if STRIP.fullmatch(path.name))

    def start(self, ledger: Ledger) -> None:
        """Half-written files of this very run that was killed go, others stay."""
        if ledger.repeated:
            remove_leftovers(self.folder, lambda name: name in ('report.json', 'report.html'))
            remove_leftovers(self.folder / 'strips', lambda name: STRIP.fullmatch(name) is not None)
        if self.saved is not None:
            self.saved.start(ledger)

    def strips(self, pictures: Mapping[str, NDArray[np.uint8]]) -> None:
        """Write the first sample, clean and at each severity.

        Args:
            pictures: Kind -> (H, W, 3), RGB.
        """
        for kind, picture in pictures.items():
            write_picture(self.folder / 'strips' / f'{kind}.png', picture)

    def report(
        self, entries: list[Entry], metrics: Mapping[str, dict[str, float]], wall_time: float
    ) -> None:
        """Write report.json and report.html, print the table."""
        kept = ('evaluator', 'run')
        rows = [{k: v for k, v in entry.items() if k not in kept} for entry in entries]
        card = self.card(rows, metrics, wall_time)
        if self.saved is not None:
            card['saved'] = self.saved.finish(rows)
        write_json(self.folder / 'report.json', finite(card))
        write_corruptions(self.folder / 'report.html', card, self._strips())
        print_corruptions(card)
        print(f'\nreport: {self.folder / "report.html"}')
        if self.saved is not None:
            print(told(card['saved']))

    def card(
        self, rows: Sequence[Entry], metrics: Mapping[str, dict[str, float]], wall_time: float
    ) -> dict[str, Any]:
        """Everything that report.json says."""
        runner, loop = self.loop.runner, self.loop
        groups = {kind.name: kind.group for kind in loop.kinds}
        cues = [cue.name for cue in loop.cues]
        return {
            'schema': SCHEMA,
            'config': str(runner.cfg.filename or 'config'),
            'checkpoint': str(weights_of(runner)),
            'checkpoint_sha256': file_sha256(weights_of(runner)),
            'corruptions': {kind.name: kind.describe() for kind in (*loop.kinds, *loop.cues)},
            'sample': asdict(loop.victim.kind),
            'seed': loop.settings.seed,
            'versions': versions(),
            'metrics': dict(metrics),
            'unscored': [*(runner.cfg.get('unscored') or ()), *loop.metrics.unscored],
            'input': self.source,
            'dataset': dataset_name(loop.dataloader.dataset),
            'wall_time': wall_time,
            'work_dir': str(self.folder),
            'saved': None,
            **corruption_numbers(rows, groups, loop.severities, cues),
        }

    def _strips(self) -> dict[str, bytes]:
        """Kind -> its picture, of those that are there."""
        names = [kind.name for kind in self.loop.kinds] + [CUE] * bool(self.loop.cues)
        paths = {name: self.folder / 'strips' / f'{name}.png' for name in names}
        return {name: path.read_bytes() for name, path in paths.items() if path.exists()}


def dataset_name(dataset: Any) -> str:
    """What a data set is called on a board: its classes, and the lists that they read."""
    found = []
    for leaf in leaves(dataset):
        listed = getattr(leaf, 'ann_file', None)
        name = Path(listed).name if isinstance(listed, str) else ''
        found.append(f'{type(leaf).__name__} {name}'.strip())
    return ', '.join(dict.fromkeys(found))
