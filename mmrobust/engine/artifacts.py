"""What a run leaves beside its ledger: videos, previews, report.json, report.html."""

from __future__ import annotations

import math
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmrobust.attacks.outcome import Outcome
from mmrobust.datasets.wrappers import leaves
from mmrobust.engine.previews import Previews
from mmrobust.engine.saved_files import SavedFiles
from mmrobust.evaluation.run_numbers import attack_numbers
from mmrobust.functional.checks import require
from mmrobust.io.atomic import remove_leftovers
from mmrobust.ledger.ledger import Ledger
from mmrobust.ledger.ledger_files import Entry
from mmrobust.ledger.provenance import file_sha256, versions, weights_of
from mmrobust.registry import PREVIEWS, SAVED_FILES, find
from mmrobust.victims.samples import Loaded
from mmrobust.visualization.files import write_json
from mmrobust.visualization.page import Preview, write_page
from mmrobust.visualization.terminal import print_table

SCHEMA = 1
REPORTS = ('report.json', 'report.html', 'contact_sheet.png')
LEDGER = ('run.json', 'results.jsonl')
PREVIEW = re.compile(r'\d{6,}\.(mp4|png)')


class Artifacts:
    """Files of one attack run.

    Args:
        loop: The :class:`~mmrobust.engine.attack_loop.AttackTestLoop`.

    Attributes:
        folders: Where it writes: the work directory, and ``save_adv``.
        shown: Indices of the samples that have a preview.

    Raises:
        ValueError: ``save_adv`` in a space whose perturbations no video and no
            picture can carry (``view``, ``crop``).
        OSError: The work directory or ``save_adv`` cannot be written.
    """

    def __init__(self, loop: Any) -> None:
        self.loop = loop
        self.folder = Path(loop.runner.work_dir)
        rule = 'left out of an attack run, whose option is save_adv'
        require(loop.settings.save is None, 'settings.save', rule, loop.settings.save)
        self.adversarial: Path | None = None
        self.saved: SavedFiles | None = None
        if loop.settings.save_adv:
            self.adversarial = Path(loop.settings.save_adv).absolute()
            self.saved = saved_files(self.adversarial, loop)
        self.folders = [self.folder, *([self.adversarial] if self.adversarial else [])]
        for folder in self.folders:
            check_writable(folder)
        dataset = loop.dataloader.dataset
        self.source = next((s for d in leaves(dataset) if (s := getattr(d, 'source', None))), None)
        self.shown: set[int] = set()
        metainfo = getattr(dataset, 'metainfo', None) or {}
        self.classes = [str(name) for name in metainfo.get('classes', [])]
        self.joints = [str(name) for name in metainfo.get('keypoint_id2name', {}).values()]
        drawn = find(PREVIEWS, loop.victim.kind.previews)
        self.previews: Previews = drawn.of(metainfo, loop.victim, loop.attack)

    def complete(self, entry: Entry) -> bool:
        """Whether a resumed entry needs no second go: it loaded, and what was saved is there."""
        if entry['error'] is not None:
            return False
        return self.saved is None or self.saved.holds(entry)

    def resumed(self, ledger: Ledger) -> None:
        """Take note of the samples that have a preview."""
        self.shown = {i for i, entry in ledger.entries.items() if 'preview' in entry}

    def earlier(self) -> Iterator[Path]:
        """Files in the work directory under names that the run will write, for it to set aside."""
        yield from (self.folder / name for name in REPORTS)
        previews = self.folder / 'previews'
        if previews.is_dir():
            yield from (path for path in previews.iterdir() if PREVIEW.fullmatch(path.name))

    def start(self, ledger: Ledger) -> None:
        """Make room: half-written files of this very run that was killed go, others stay."""
        if ledger.repeated:
            remove_leftovers(self.folder, lambda name: name in (*REPORTS, *LEDGER))
            remove_leftovers(
                self.folder / 'previews', lambda name: PREVIEW.fullmatch(name) is not None
            )
        if self.saved is not None:
            self.saved.start(ledger)

    def rehearse(self, indices: Sequence[int], loaded: Loaded) -> None:
        """Find out, before a batch is attacked, whether its samples can be saved."""
        if self.saved is not None:
            for index, layout in zip(indices, loaded.layouts, strict=True):
                self.saved.rehearse(index, layout)

    def save(self, index: int, loaded: Loaded, outcome: Outcome, entry: Entry) -> dict[str, Any]:
        """Write the sample's video or picture, and its preview.

        Args:
            index: Of the sample.
            loaded: The sample, alone in its batch.
            outcome: Of the attack.
            entry: Its line in the ledger.

        Returns:
            File names for the ledger, and ``amplified``: the factor of the change in the preview.
        """
        files: dict[str, Any] = {}
        if self.saved is not None:
            written = self.saved.write(index, loaded.layouts[0], outcome.adversarial)
            files[self.saved.key] = written
            files['sha256'] = file_sha256(self.saved.folder / written)
        if outcome.attacked and self._wants_preview(index):
            preview = f'previews/{index:06d}{self.previews.suffix}'
            files['preview'] = preview
            if self.previews.amplifies:
                files['amplified'] = self.loop.settings.amplify
            self.previews.write(self.folder / preview, loaded, outcome, entry | files)
            self.shown.add(index)
        return files

    def _wants_preview(self, index: int) -> bool:
        """The first few attacked samples of the data set, whatever is resumed."""
        return sum(other < index for other in self.shown) < self.loop.settings.previews

    def report(
        self, entries: list[Entry], metrics: dict[str, dict[str, float]], wall_time: float
    ) -> None:
        """Write report.json and report.html, print the table."""
        kept = ('evaluator', 'run')
        rows = [{k: v for k, v in entry.items() if k not in kept} for entry in entries]
        card = self.card(rows, metrics, wall_time)
        write_json(self.folder / 'report.json', finite(card))
        if self.saved is not None:
            self.saved.finish(rows)
        write_page(self.folder / 'report.html', card, rows, self._previews(rows))
        print_table(card)
        print(f'\nreport: {self.folder / "report.html"}')
        shown = [row['preview'] for row in rows if 'preview' in row]
        if shown:
            print(f'clean | adversarial | difference: {self.folder / shown[0]}')
        if self.saved is not None:
            print(f'adversarial {self.saved.kind}: {self.adversarial}')

    def card(
        self, rows: list[Entry], metrics: dict[str, dict[str, float]], wall_time: float
    ) -> dict[str, Any]:
        """Everything that report.json says."""
        runner, loop = self.loop.runner, self.loop
        attack = loop.attack.describe()
        return {
            'schema': SCHEMA,
            'config': str(runner.cfg.filename or 'config'),
            'checkpoint': str(weights_of(runner)),
            'checkpoint_sha256': file_sha256(weights_of(runner)),
            'attack': attack,
            'title': loop.attack.title,
            'threat': attack['threat'],
            'goal': attack['goal'],
            'space': loop.victim.space,
            'sample': asdict(loop.victim.kind),
            'surrogate': loop.surrogate.describe() if loop.surrogate else None,
            'streams': [dict(one) for one in loop.victim.fused],
            'seed': loop.settings.seed,
            'versions': versions(),
            'classes': self.classes,
            'joints': self.joints,
            'clean': metrics['clean'],
            'adversarial': metrics['adversarial'],
            'robust': metrics['robust'],
            'unscored': [*(runner.cfg.get('unscored') or ()), *loop.metrics.unscored],
            'input': self.source,
            'wall_time': wall_time,
            'work_dir': str(self.folder),
            'adversarial_videos': str(self.adversarial) if self.adversarial else None,
        } | attack_numbers(rows, attack)

    def _previews(self, rows: list[Entry]) -> list[Preview]:
        shown = [row for row in rows if 'preview' in row][: self.loop.settings.previews]
        found = []
        for row in shown:
            path = self.folder / row['preview']
            if path.exists():
                caption = self.previews.described(row)
                found.append(Preview(row['name'], path.read_bytes(), caption, path.suffix))
        return found


def saved_files(folder: Path, loop: Any) -> SavedFiles:
    """What writes the adversarial samples of the loop's victim to ``folder``."""
    kind, space = loop.victim.kind, loop.victim.space
    rule = '"video" with save_adv (for a pose estimator "image", for skeletons "track")'
    require(kind.saved_files is not None, 'space', rule, space)
    found: SavedFiles = find(SAVED_FILES, kind.saved_files).of(
        folder, loop.dataloader.dataset, loop.samples
    )
    return found


def check_writable(folder: Path) -> None:
    """Raise OSError with one clear line unless files can be made in ``folder``."""
    for part in (folder, *folder.parents):
        if part.is_symlink() and not part.exists():
            raise OSError(f'output folder {folder} must be writable: {part} links to nothing')
        if part.exists() and not part.is_dir():
            raise OSError(f'output folder {folder} must be writable: {part} is a file')
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # A name that nobody has: neither a file of the user's nor another run's probe.
        with tempfile.NamedTemporaryFile(dir=folder, prefix='.writable-'):
            pass
    except OSError as error:
        raise OSError(
            f'output folder {folder} must be writable: {os.strerror(error.errno or 0)}'
        ) from error


def finite(value: Any) -> Any:
    """Arrays as lists, NaN and infinity as null: JSON has neither."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (torch.Tensor, np.ndarray, np.generic)):
        return finite(value.tolist())
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
