"""The test loop that measures a model on clean samples and on corrupted versions of them.

Shapes: T frames, H, W pixels, B cells of one batch, D outputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from mmengine.runner.amp import autocast
from torch import Tensor

from mmrobust.corruptions import Corruption
from mmrobust.corruptions.cues import Cue
from mmrobust.corruptions.tracks import TrackCorruption
from mmrobust.datasets.video_places import place_of
from mmrobust.datasets.wrappers import leaves, locate
from mmrobust.engine.annotations import check_annotations, leave_out
from mmrobust.engine.cells import Cell, Cells
from mmrobust.engine.corruption_artifacts import CorruptionArtifacts
from mmrobust.engine.corruption_configs import corruptions_of
from mmrobust.engine.data import attack_loader
from mmrobust.engine.frame_cells import FrameCells
from mmrobust.engine.ledger_loop import LedgerLoop
from mmrobust.engine.paired_evaluator import SIDES, PairedEvaluator
from mmrobust.engine.predictions import moved, placed, prediction_of
from mmrobust.engine.routed_samples import samples_of
from mmrobust.engine.suited_kinds import check_suited
from mmrobust.engine.track_cells import TrackCells
from mmrobust.evaluation.card import TAU
from mmrobust.functional.checks import require, whole
from mmrobust.ledger.corruption_rows import cell_of, check_corruption_row, corruption_row
from mmrobust.ledger.ledger_files import Entry
from mmrobust.ledger.provenance import corruption_fingerprint
from mmrobust.registry import LOOPS
from mmrobust.victims.cells import Prepared
from mmrobust.victims.samples import Loaded


@LOOPS.register_module()
class CorruptionTestLoop(LedgerLoop):
    """Every sample is decoded once, and goes through the stock test step in all cells.

    Each cell has the config's own metrics. A sample's line with all its cells goes to
    ``results.jsonl`` as it finishes; at the end ``report.json`` and ``report.html`` are written.

    Args:
        runner: The runner.
        dataloader: See mmengine's TestLoop; its batch size is the number of cells at once.
        evaluator: See mmengine's TestLoop.
        corruptions: Presets, kinds, files or configs
            (:func:`~mmrobust.engine.corruption_configs.corruptions_of`).
        severities: Which of 1 to 5.
        control: Beside each cell of frames, white noise that changes them by as much; of
            skeletons, beside kinds that move joints, noise that moves them by as much.
        fp16: Run the model under autocast.
        victim: Options of the victim.
        settings: Options of :class:`~mmrobust.engine.settings.RunSettings`.

    Raises:
        ValueError: An option is unknown or out of range, or a kind does not suit the model.
    """

    verb = 'corrupt'
    artifacts: CorruptionArtifacts

    def __init__(
        self,
        runner: Any,
        dataloader: Any,
        evaluator: Any,
        corruptions: Sequence[str | Mapping[str, Any]],
        severities: Sequence[int] = (1, 2, 3, 4, 5),
        control: bool = False,
        fp16: bool = False,
        victim: dict[str, Any] | None = None,
        settings: dict[str, Any] | None = None,
    ) -> None:
        self.chosen = corruptions_of(corruptions)
        self.cues = [kind for kind in self.chosen if isinstance(kind, Cue)]
        self.kinds = [kind for kind in self.chosen if not isinstance(kind, Cue)]
        self.severities = _checked(severities, self.kinds)
        require(isinstance(control, bool), 'control', 'true or false', control)
        super().__init__(runner, dataloader, evaluator, fp16=fp16, victim=victim, settings=settings)
        self.cells = self._cells(control)
        for dataset in leaves(self.dataloader.dataset):
            _check_for_scenes(self.cues, dataset)
            self.cells.install(self.victim, dataset)
        self.keep(self.unwrapped)
        check_annotations(self.evaluator.metrics, self.samples)
        self.metrics = PairedEvaluator(self.evaluator)
        self.artifacts = CorruptionArtifacts(self)
        self.cells.saved = self.artifacts.saved

    def before_data(self) -> None:
        """Kinds must be those of what the model looks at."""
        made = self.victim.cells
        rule = 'a recogniser of videos or skeletons, or an estimator of poses in pictures'
        if made is None:
            raise ValueError(f'model must be {rule}, got a {type(self.victim).__name__}')
        check_suited(self.chosen, made.of)

    def _cells(self, control: bool) -> Cells:
        rest = (self.severities, control, self.settings.seed)
        victim: Any = self.victim
        if victim.cells.of == 'tracks':
            tracks = [kind for kind in self.kinds if isinstance(kind, TrackCorruption)]
            return TrackCells(tracks, *rest, bones=victim.bones)
        frames = [kind for kind in self.kinds if isinstance(kind, Corruption)]
        return FrameCells(frames, *rest, cues=self.cues)

    def fingerprint(self) -> dict[str, Any]:
        """Checkpoint, data, kinds with their constants, severities and seed."""
        return corruption_fingerprint(self)

    def check_entry(self, entry: Entry) -> None:
        """Raise ValueError unless the run can go on from a line of the ledger."""
        check_corruption_row(entry, self.cells.names)
        if entry['error'] is None:
            for name, kept in entry['evaluator'].items():
                if kept is not None:
                    self.metrics.check({'evaluator': dict.fromkeys(SIDES, kept)})
                require(name in self.cells.names, 'evaluator', 'of the cells of this run', name)

    def loader(self, todo: Sequence[int]) -> Any:
        """Decoded samples one by one."""
        return attack_loader(
            self.dataloader, self.victim, todo, self.samples, batch_size=1, collate=_nothing
        )

    @torch.no_grad()
    def run_iter(self, idx: int, loaded: Loaded, indices: Sequence[int]) -> list[Entry]:
        """All cells of one sample."""
        (prepared,), (index,), (name,) = loaded.layouts, indices, loaded.names
        found: dict[str, dict[str, Any]] = {}
        kept: dict[str, Any] = {}
        saved: dict[str, Any] = {}
        clean: Tensor | None = None
        first: dict[str, Any] = {}
        place: Any = place_of(prepared.info)
        for number, batch in enumerate(self._batches(prepared, index)):
            good = [cell for cell in batch if cell.hole is None]
            found.update((cell.name, {'hole': cell.hole}) for cell in batch if cell.hole)
            if not good:
                continue
            data = self.dataloader.collate_fn([cell.packed for cell in good])
            self.runner.call_hook('before_test_iter', batch_idx=number, data_batch=data)
            with autocast(enabled=self.fp16):
                samples, outputs = self.victim.predict(data)
            if clean is None:
                clean, first = outputs[:1], prediction_of(samples[0])
                place = placed(place, samples[0]) if place and 'joints' in first else None
            labels, results = (
                self.victim.labels(data),
                self.metrics.process(SIDES[1], data, samples),
            )
            for row, cell in enumerate(good):
                one = torch.tensor([row])
                own = outputs[row : row + 1]
                record = self.victim.record(labels[one], clean, own, own)
                found[cell.name] = cell_of(record.fields) | cell.facts
                if cell.box is not None:
                    # Two crops of one person have different pixels.
                    found[cell.name] |= moved(first, prediction_of(samples[row]), TAU)
                if place is not None:
                    found[cell.name]['pose'] = prediction_of(samples[row])['joints']
                kept[cell.name] = results[row]
                if cell.saved is not None:
                    saved[cell.name] = cell.saved | {'prediction': prediction_of(samples[row])}
            self.runner.call_hook(
                'after_test_iter', batch_idx=number, data_batch=data, outputs=samples
            )
        if index == 0:
            self.artifacts.strips(self.cells.strips())
        line = corruption_row(index, name, prepared.key, found)
        line |= ({'saved': saved} if saved else {}) | ({'place': place} if place else {})
        return [line | {'file': self.files.stamp(index), 'evaluator': kept}]

    def done(self, entry: Entry) -> None:
        """Say how much room the files will take."""
        if self.rank == 0 and self.artifacts.saved is not None:
            self.artifacts.saved.tell(entry, self._total() - entry['index'] - 1)

    def _batches(self, prepared: Prepared, index: int) -> Iterator[list[Cell]]:
        """Cells of a sample, as many at once as a batch has, in order."""
        leaf, inside = locate(self.samples, index)
        stage = leaf.stage(inside) if self.cues else None
        size = 1 if self.victim.one_by_one else self.dataloader.batch_size or 1
        batch: list[Cell] = []
        for cell in self.cells.of_sample(leaf.pipeline, prepared, index, stage):
            batch.append(cell)
            if len(batch) == size:
                yield batch
                batch = []
        if batch:
            yield batch

    def finish(self, wanted: list[Entry], good: list[Entry], wall_time: float) -> dict[str, float]:
        """Metrics of every cell, and the reports."""
        kept = {entry['index'] for entry in good}
        for name, readers in self.metrics.reading_annotations():
            whole = (self.samples, kept)
            leave_out(readers, *(whole if name is None else samples_of(name, *whole)))
        metrics = {cell: self._metrics(cell, good) for cell in self.cells.names}
        if self.rank == 0:
            self.artifacts.report(wanted, metrics, wall_time)
        return {f'{cell}/{key}': value for cell, of in metrics.items() for key, value in of.items()}

    def _metrics(self, cell: str, good: list[Entry]) -> dict[str, float]:
        """The config's metrics in one cell; none where a sample has no such cell."""
        results = [entry['evaluator'].get(cell) for entry in good]
        if None in results:
            return {}
        return self.metrics.evaluate_side(SIDES[1], results, self.rank, self.world_size)


def _nothing(items: list[Any]) -> dict[str, Any]:
    return {}


def _check_for_scenes(cues: Sequence[Cue], dataset: Any) -> None:
    """Refuse to film again what was never rendered."""
    rule = f'one that renders its videos, for {", ".join(cue.name for cue in cues)}'
    require(not cues or hasattr(dataset, 'stage'), 'data set', rule, type(dataset).__name__)
    if cues:
        # What it refuses, it refuses before anything is run.
        dataset.stage(0)


def _checked(severities: Sequence[int], kinds: Sequence[Any]) -> list[int]:
    most = min((len(kind.constants) for kind in kinds), default=5)
    sound = all(whole(one, 1) and one <= most for one in severities)
    rule = f'whole numbers from 1 to {most}, each once'
    once = len(set(severities)) == len(severities) and bool(severities)
    require(sound and once, '--severities', rule, list(severities))
    return sorted(severities)
