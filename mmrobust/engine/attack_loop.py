"""The test loop that measures a model clean and attacked, in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.runner.amp import autocast

from mmrobust.attacks.query_attack import QueryAttack
from mmrobust.compat.flat_heatmaps import flat_heatmaps
from mmrobust.datasets.wrappers import leaves
from mmrobust.engine.annotations import check_annotations, leave_out
from mmrobust.engine.artifacts import Artifacts
from mmrobust.engine.data import attack_loader
from mmrobust.engine.jobs import AttackJob, itself
from mmrobust.engine.labels import check_labels
from mmrobust.engine.ledger_loop import LedgerLoop
from mmrobust.engine.paired_evaluator import PREFIX, PairedEvaluator
from mmrobust.engine.routed_samples import samples_of
from mmrobust.engine.surrogate import Surrogate
from mmrobust.engine.victims import build_attack
from mmrobust.ledger.answers import answer_file, forget_answers
from mmrobust.ledger.ledger_files import Entry
from mmrobust.ledger.provenance import fingerprint
from mmrobust.ledger.rows import check_row, sample_row
from mmrobust.registry import LOOPS
from mmrobust.victims.counting import AnswerLog
from mmrobust.victims.samples import Loaded


@LOOPS.register_module()
class AttackTestLoop(LedgerLoop):
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

    artifacts: Artifacts

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
        self.config = attack
        super().__init__(runner, dataloader, evaluator, fp16=fp16, victim=victim, settings=settings)
        self.surrogate = Surrogate.from_config(surrogate, self.victim)
        self.job = AttackJob(self.attack)
        if self.surrogate is not None:
            # The model itself says what succeeds.
            self.job = AttackJob(self.attack, gradients_from=self.surrogate.bind, success_on=itself)
        for dataset in leaves(self.dataloader.dataset):
            self.victim.install(dataset)
        self.keep(self.victim.samples(self.unwrapped))
        check_annotations(self.evaluator.metrics, self.samples)
        check_labels(self.samples, runner.model, self.attack.goal, self.settings.max_samples)
        self.metrics = PairedEvaluator(self.evaluator)
        self.artifacts = Artifacts(self)

    def before_data(self) -> None:
        """Build the attack, which may refuse the victim."""
        self.attack = build_attack(self.config, self.victim)

    def fingerprint(self) -> dict[str, Any]:
        """Checkpoint, data, attack, victim and seed."""
        return fingerprint(self)

    def check_entry(self, entry: Entry) -> None:
        """Raise ValueError unless the run can go on from a line of the ledger."""
        check_row(entry, self.victim.record_keys, self.attack.describe())
        if entry['error'] is None:
            self.metrics.check(entry)

    def loader(self, todo: Sequence[int]) -> Any:
        """Batches of samples with their layouts."""
        return attack_loader(self.dataloader, self.victim, todo, self.samples)

    @property
    def most_queries(self) -> int | None:
        """Of a sample, where a search has a budget."""
        return self.attack.budget if isinstance(self.attack, QueryAttack) else None

    def _answer_log(self, index: int) -> AnswerLog:
        """Where a query attack keeps a sample's answers; they are counted in the progress."""
        log = answer_file(self.runner.work_dir, index)
        return log if self.progress is None else self.progress.watched(index, log)

    def forget(self) -> None:
        """Remove the answers that a victim gave to an earlier run's attacks."""
        forget_answers(self.runner.work_dir)

    def done(self, entry: Entry) -> None:
        """Nobody asks for a finished sample's answers again."""
        answer_file(self.runner.work_dir, entry['index']).remove()

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
            change = (outcome.adversarial, data['inputs'][row], inputs[row])
            entry |= self.victim.changes(layout, *change, data['data_samples'][row])
            if self.surrogate is not None:
                entry |= self.surrogate.changes(*change[1:], data['data_samples'][row])
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

    def finish(self, wanted: list[Entry], good: list[Entry], wall_time: float) -> dict[str, float]:
        """Compute metrics, write the reports."""
        kept = {entry['index'] for entry in good}
        for name, readers in self.metrics.reading_annotations():
            whole = (self.samples, kept)
            leave_out(readers, *(whole if name is None else samples_of(name, *whole)))
        found = self.metrics.evaluate(good, self.rank, self.world_size)
        if self.rank == 0:
            self.artifacts.report(wanted, found, wall_time)
        metrics = {f'{PREFIX[s]}/{k}': v for s in PREFIX for k, v in found[s].items()}
        return metrics | found['robust']
