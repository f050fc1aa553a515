"""The test loop that measures a model clean and attacked, in one pass."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from mmengine.dist import all_gather_object, barrier, get_dist_info
from mmengine.runner import TestLoop
from mmengine.runner.amp import autocast

from mmrobust.attacks.query_attack import QueryAttack
from mmrobust.compat import healed
from mmrobust.compat.flat_heatmaps import flat_heatmaps
from mmrobust.datasets.wrappers import clipped, leaves
from mmrobust.engine.annotations import check_annotations, leave_out
from mmrobust.engine.artifacts import Artifacts
from mmrobust.engine.built_data import EMPTY, naming_files
from mmrobust.engine.checkpoint_guard import CheckpointGuard
from mmrobust.engine.data import attack_loader, pending
from mmrobust.engine.jobs import AttackJob, itself
from mmrobust.engine.labels import check_labels
from mmrobust.engine.paired_evaluator import PREFIX, PairedEvaluator
from mmrobust.engine.progress import Progress, metrics_unnoted
from mmrobust.engine.routed_samples import samples_of
from mmrobust.engine.sample_loop import attack_samples, loaded_ones
from mmrobust.engine.settings import RunSettings
from mmrobust.engine.surrogate import Surrogate
from mmrobust.engine.victims import build_attack, build_victim
from mmrobust.io.model_config import check_model
from mmrobust.ledger.answers import answer_file, forget_answers
from mmrobust.ledger.ledger import Ledger
from mmrobust.ledger.ledger_files import Entry
from mmrobust.ledger.lock import alone_in
from mmrobust.ledger.provenance import fingerprint
from mmrobust.ledger.rows import check_row, sample_row
from mmrobust.ledger.sample_files import SampleFiles
from mmrobust.registry import LOOPS
from mmrobust.victims.counting import AnswerLog
from mmrobust.victims.samples import Loaded


@LOOPS.register_module()
class AttackTestLoop(TestLoop):
    """Clean step, attack, adversarial step; both through the config's evaluator.

    Metrics get the prefixes ``clean/`` and ``adv/``. Each sample's line goes
    to ``results.jsonl`` in the work directory as it finishes; at the end the
    run's card is written as ``report.json`` and ``report.html``.

    Args:
        runner: The runner.
        dataloader: See mmengine's TestLoop.
        evaluator: See mmengine's TestLoop.
        attack: The attack's config, e.g. ``dict(type='PGD')``, or its usual name.
        fp16: Run the model under autocast, also inside the attack.
        victim: Options of the victim: of :class:`~mmrobust.victims.action.ActionVictim`, or of
            those of :mod:`mmrobust.victims.pose`, ``bottomup`` and ``lifting``.
        surrogate: ``config``, ``checkpoint`` (and ``overrides``) of another
            recogniser, which the attack sees in the place of the model: it gives
            the gradients, and the model only says what succeeds, as a black box
            does. Both must take the same input.
        settings: Options of :class:`~mmrobust.engine.settings.RunSettings`.

    Raises:
        ValueError: An option is unknown or out of range.
    """

    dataloader: Any

    def __init__(
        self,
        runner: Any,
        dataloader: Any,
        evaluator: Any,
        attack: dict[str, Any] | str,
        fp16: bool = False,
        victim: dict[str, Any] | None = None,
        surrogate: dict[str, Any] | None = None,
        settings: dict[str, Any] | None = None,
    ) -> None:
        # The weights come after this: nothing here may run the model.
        # Asked here for hooks, whose runner has built it; the command asks before that.
        check_model(runner.cfg.get('model'))
        self.options = dict(victim or {})
        self.victim = build_victim(runner.model, self.options)
        self.attack = build_attack(attack, self.victim)
        self.settings = RunSettings.from_config(settings)
        with naming_files(), metrics_unnoted():
            super().__init__(runner, dataloader, evaluator, fp16)
        self.surrogate = Surrogate.from_config(surrogate, self.victim)
        self.job = AttackJob(self.attack)
        if self.surrogate is not None:
            # The model itself says what succeeds.
            self.job = AttackJob(self.attack, gradients_from=self.surrogate.bind, success_on=itself)
        for dataset in leaves(self.dataloader.dataset):
            self.victim.install(dataset)
        self.samples = self.victim.samples(clipped(self.dataloader.dataset))
        check_annotations(self.evaluator.metrics, self.samples)
        check_labels(self.samples, runner.model, self.attack.goal, self.settings.max_samples)
        self.files = SampleFiles(self.samples)
        self.metrics = PairedEvaluator(self.evaluator)
        self.artifacts = Artifacts(self)
        self.progress: Progress | None = None
        runner.register_hook(CheckpointGuard())

    @healed()
    def run(self) -> dict[str, float]:
        """Attack every sample that the ledger does not hold yet, then report.

        Raises:
            OSError: Another run is at work in one of the folders.
            ValueError: There is nothing to attack, or nothing to go on from.
        """
        self.rank, self.world_size = get_dist_info()
        with self._alone():
            runner, began = self.runner, time.perf_counter()
            ledger = self._ledger()
            total = self._total()
            done = {i for i, entry in ledger.entries.items() if self.artifacts.complete(entry)}
            self.artifacts.shown = {i for i, e in ledger.entries.items() if 'preview' in e}
            todo = pending(total, done, self.rank, self.world_size)
            loader = attack_loader(self.dataloader, self.victim, todo, self.samples)
            runner.call_hook('before_test')
            runner.call_hook('before_test_epoch')
            runner.model.eval()
            attacked = attack_samples(
                loader, todo, self.run_iter, ledger, strict=self.settings.strict
            )
            budget = self.attack.budget if isinstance(self.attack, QueryAttack) else None
            shown = Progress(total, len(done), self.world_size, self.rank, budget)
            with shown as self.progress:
                for entry in attacked:
                    answer_file(runner.work_dir, entry['index']).remove()
                    self.progress.advance(entry)
            metrics = self._finish(ledger, total, time.perf_counter() - began)
            runner.call_hook('after_test_epoch', metrics=metrics)
            runner.call_hook('after_test')
            return metrics

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """In folders that nobody else writes to.

        The processes of one run share them; the first stands for all.
        """
        with ExitStack() as held:
            for folder in self.artifacts.folders if self.rank == 0 else ():
                held.enter_context(alone_in(folder))
            barrier()
            yield

    def _ledger(self) -> Ledger:
        """The ledger, opened; what earlier runs have left is set aside or gone on from."""
        ledger = Ledger(
            self.runner.work_dir,
            fingerprint(self),
            rank=self.rank,
            resume=self.settings.resume,
            size=len(self.samples),
            check=self._check_entry,
        )
        if ledger.continues:
            self.files.check(ledger)
        # Every process has read the earlier entries before the files are merged.
        barrier()
        if self.rank == 0:
            ledger.start(self.artifacts.earlier())
            self.artifacts.start(ledger)
            if not ledger.continues:
                forget_answers(self.runner.work_dir)
        barrier()
        return ledger

    def _answer_log(self, index: int) -> AnswerLog:
        """Where a query attack keeps a sample's answers; they are counted in the progress."""
        log = answer_file(self.runner.work_dir, index)
        return log if self.progress is None else self.progress.watched(index, log)

    def _check_entry(self, entry: Entry) -> None:
        check_row(entry, self.victim.record_keys, self.attack.describe())
        if entry['error'] is None:
            self.metrics.check(entry)

    def _total(self) -> int:
        """How many samples this run is about."""
        total = len(self.samples)
        if not total:
            raise ValueError(EMPTY)
        return min(total, self.settings.max_samples or total)

    @torch.no_grad()
    def run_iter(self, idx: int, loaded: Loaded, indices: Sequence[int]) -> list[Entry]:
        """Clean step, attack, adversarial step for the good samples of a batch.

        Args:
            idx: Number of the batch.
            loaded: The batch.
            indices: Of its good samples in the data set.

        Returns:
            Their lines, in order.
        """
        data = loaded.data
        self.runner.call_hook('before_test_iter', batch_idx=idx, data_batch=data)
        with autocast(enabled=self.fp16):
            clean_samples, clean_outputs = self.victim.predict(data)
        # Both may refuse, and no attack is lost by it yet.
        clean_kept = self.metrics.process('clean', data, clean_samples)
        self.artifacts.rehearse(indices, loaded)
        with autocast(enabled=self.fp16):
            crafted = self.job.craft(
                self.victim,
                loaded,
                indices,
                clean_outputs,
                seed=self.settings.seed,
                rows=range(len(indices)),
                answer_log=self._answer_log,
            )
            outcomes, seconds = zip(*(crafted[row] for row in range(len(indices))), strict=True)
            rendered = zip(loaded.layouts, outcomes, strict=True)
            inputs = [self.victim.render(lay, o.adversarial.cpu()) for lay, o in rendered]
            adv_samples, adv_outputs = self.victim.predict({**data, 'inputs': inputs})
        adv_kept = self.metrics.process('adversarial', data, adv_samples)
        labels = self.victim.labels(data)
        kept = [
            {'clean': clean, 'adversarial': adversarial}
            for clean, adversarial in zip(clean_kept, adv_kept, strict=True)
        ]
        entries = []
        for row, outcome in enumerate(outcomes):
            one = torch.tensor([row])
            outputs = (clean_outputs[row], adv_outputs[row], outcome.scores)
            with flat_heatmaps() as flat:
                record = self.victim.record(labels[one], *(each[None] for each in outputs))
            layout = loaded.layouts[row]
            entry = sample_row(
                indices[row], loaded.names[row], record, layout.pixels(), outcome, seconds[row]
            )
            loading = getattr(layout, 'flags', ())
            entry['file'] = self.files.stamp(indices[row])
            entry['flags'] = sorted({*entry['flags'], *loading, *flat})
            entry |= self.artifacts.save(indices[row], loaded.alone(row), outcome, entry)
            entry['evaluator'] = kept if self.victim.one_by_one else kept[row]
            entries.append(entry)
        self.runner.call_hook(
            'after_test_iter', batch_idx=idx, data_batch=data, outputs=adv_samples
        )
        return entries

    def _finish(self, ledger: Ledger, total: int, wall_time: float) -> dict[str, float]:
        """Merge the processes' entries, compute metrics, write the reports."""
        merged: dict[int, Entry] = {}
        for entries in all_gather_object(ledger.entries):
            merged.update(entries)
        wanted = [merged[index] for index in sorted(merged) if index < total]
        good = loaded_ones(wanted)
        kept = {entry['index'] for entry in good}
        for name, readers in self.metrics.reading_annotations():
            whole = (self.samples, kept)
            leave_out(readers, *(whole if name is None else samples_of(name, *whole)))
        found = self.metrics.evaluate(good, self.rank, self.world_size)
        if self.rank == 0:
            ledger.rewrite(merged)
            self.artifacts.report(wanted, found, wall_time)
        barrier()
        metrics = {f'{PREFIX[s]}/{k}': v for s in PREFIX for k, v in found[s].items()}
        return metrics | found['robust']
