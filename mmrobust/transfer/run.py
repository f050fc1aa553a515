"""Crafts clips on the sources, shows them to the targets, and writes it all down.

Shapes: N samples of a batch, K classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmrobust.datasets.wrappers import annotations_digest, clipped
from mmrobust.engine.data import attack_loader
from mmrobust.engine.jobs import AttackJob, Rebind
from mmrobust.engine.labels import check_labels
from mmrobust.engine.progress import Progress
from mmrobust.engine.sample_loop import attack_samples, loaded_ones
from mmrobust.engine.settings import RunSettings
from mmrobust.functional.canonical import canonical
from mmrobust.ledger.ledger import Ledger
from mmrobust.ledger.ledger_files import Entry
from mmrobust.ledger.provenance import SPEED, attack_files, data_files, model_files, versions
from mmrobust.ledger.rows import sample_row
from mmrobust.ledger.sample_files import SampleFiles
from mmrobust.transfer.data import build_loader, check_inputs, dataloader_config, install
from mmrobust.transfer.rows import check_transfer_row, transfer_row
from mmrobust.transfer.spec import Job, TransferSpec
from mmrobust.transfer.victims import describe_victims, load_victims, shown_to, victim_config
from mmrobust.version import __version__
from mmrobust.victims.samples import Loaded

# What is made of the ledger, beside it.
REPORTS = ('transfer.json', 'transfer.csv', 'transfer.html', 'transfer.svg')


class TransferRun:
    """Every job of a spec on every sample.

    A line of the ledger is one job on one sample; its ``index`` counts them,
    all jobs of a sample before the next sample's.

    Args:
        spec: What to do.
        work_dir: Where the ledger lies.
        settings: ``max_samples`` and ``resume`` are used; the seed is the spec's.
        device: Where the victims go.

    Raises:
        ValueError: The spec does not fit together; nothing has been written then.
    """

    def __init__(
        self,
        spec: TransferSpec,
        work_dir: Path,
        settings: RunSettings,
        device: torch.device | str = 'cpu',
    ) -> None:
        self.spec, self.work_dir, self.settings = spec, work_dir, settings
        self.jobs, self.attacks = spec.jobs, spec.build_attacks()
        self.data = dataloader_config(spec)
        self.victims = load_victims(spec, device)
        # Whose layouts all others are bound to.
        self.host = next(iter(self.victims.values()))
        self.loader = build_loader(self.data)
        install(self.victims, self.loader.dataset)
        check_inputs(spec, self.victims, self.loader)
        total = len(clipped(self.loader.dataset))
        self.files = SampleFiles(self.loader.dataset)
        self.total = min(total, settings.max_samples or total)
        for attack in self.attacks.values():
            self.host.check_attack(attack)
            check_labels(self.loader.dataset, self.host.model, attack.goal, self.total)

    def fingerprint(self) -> dict[str, Any]:
        """What decides the results; a ledger is resumed only under the same."""
        spec = self.spec
        models = {n: victim_config(n, spec.victims[n]).model.to_dict() for n in spec.used}
        found = {
            'victims': describe_victims(spec),
            'model configs': models,
            'files of the models': {name: model_files(model) for name, model in models.items()},
            'sources': spec.sources,
            'targets': spec.targets,
            'attacks': [attack.describe() for attack in self.attacks.values()],
            'files of the attacks': [attack_files(attack) for attack in self.attacks.values()],
            'eps': spec.eps,
            'success_on': spec.success_on,
            'data': {k: v for k, v in self.data.items() if k not in SPEED},
            'annotations': annotations_digest(self.loader.dataset),
            'files of the data': data_files(self.loader.dataset),
            'space': spec.space,
            'seed': spec.seed,
            'mmrobust version': __version__,
            'OpenCV': versions().get('opencv'),
        }
        return dict(canonical(found))

    def run(self) -> list[Entry]:
        """Do what the ledger does not hold yet; all lines, sorted.

        Raises:
            ValueError: The ledger belongs to another run, no video loads, or
                an attack refuses a sample.
        """
        count = len(self.jobs)
        ledger = Ledger(
            self.work_dir,
            self.fingerprint(),
            rank=0,
            resume=self.settings.resume,
            size=len(self.loader.dataset) * count,
            check=self._check_line,
        )
        if ledger.continues:
            self.files.check(ledger, {i: i // count for i in ledger.entries})
        ledger.start(self.work_dir / name for name in REPORTS)
        self.done = {i for i, entry in ledger.entries.items() if entry['error'] is None}
        samples = range(self.total)
        todo = [s for s in samples if any(s * count + j not in self.done for j in range(count))]
        before = sum(i < self.total * count for i in self.done)
        loader = attack_loader(self.loader, self.host, todo)
        attacked = attack_samples(
            loader, todo, self.batch, ledger, strict=self.settings.strict, lines=count
        )
        with Progress(self.total * count, before, 1, 0) as progress:
            for entry in attacked:
                # A sample that failed to load has one line for all its jobs.
                progress.done += 0 if entry['error'] is None else count - 1
                progress.advance(entry)
        ledger.rewrite(ledger.entries)
        rows = [e for e in ledger.entries.values() if e['sample'] < self.total]
        rows.sort(key=lambda row: row['index'])
        loaded_ones(rows)
        return rows

    def _check_line(self, entry: Entry) -> None:
        check_transfer_row(entry, self.jobs, self.spec.targets, self.host.record_keys)

    @torch.no_grad()
    def batch(self, number: int, loaded: Loaded, indices: Sequence[int]) -> Iterator[Entry]:
        """Lines of a batch's good samples, job by job.

        Args:
            number: Of the batch.
            loaded: The batch.
            indices: Of its good samples in the data set.
        """
        count = len(self.jobs)
        clean = {name: v.predict(shown_to(v, loaded))[1] for name, v in self.victims.items()}
        for job in range(count):
            rows = [r for r, s in enumerate(indices) if s * count + job not in self.done]
            if rows:
                yield from self._job(job, loaded, indices, clean, rows)

    def _job(
        self,
        number: int,
        loaded: Loaded,
        samples: Sequence[int],
        clean: dict[str, Tensor],
        rows: list[int],
    ) -> Iterator[Entry]:
        """Lines of one job on some ``rows`` of the batch."""
        job = self.jobs[number]
        success_victim = job.target or job.source
        crafted = self._attack_job(job).craft(
            self.host,
            loaded,
            samples,
            clean[success_victim],
            seed=self.spec.seed,
            rows=rows,
        )
        data = {key: [values[row] for row in rows] for key, values in loaded.data.items()}
        clips = [(loaded.layouts[row], crafted[row][0].adversarial.cpu()) for row in rows]
        common = [self.host.render(*clip) for clip in clips]
        targets = self.spec.targets if job.target is None else (job.target,)
        shown = {}
        for name in {success_victim, *targets}:
            victim = self.victims[name]
            own = [victim.render(*clip) for clip in clips] if victim.looks_apart else common
            shown[name] = victim.predict(data | {'inputs': own})[1]
        place = torch.tensor(rows, device=clean[success_victim].device)
        labels = self.host.labels(data)
        goal = self.attacks[job.attack, job.eps].goal.bind(labels, clean[success_victim][place])
        for i, row in enumerate(rows):
            known = {victim: outputs[row] for victim, outputs in clean.items()}
            found = {victim: outputs[i] for victim, outputs in shown.items()}
            outcome, seconds = crafted[row]
            record = self.host.record(
                labels[i : i + 1],
                known[success_victim][None],
                found[success_victim][None],
                outcome.scores[None],
            )
            clip = loaded.layouts[row].pixels()
            result = sample_row(samples[row], loaded.names[row], record, clip, outcome, seconds)
            result['file'] = self.files.stamp(samples[row])
            line = samples[row] * len(self.jobs) + number
            one = goal.select(torch.tensor([i], device=place.device))
            yield transfer_row(job, line, result, targets, known, found, one)

    def _attack_job(self, job: Job) -> AttackJob:
        """The attack of a job, on victims that are bound to what the host is bound to."""

        def of(name: str) -> Rebind:
            victim = self.victims[name]
            return lambda bound: victim.bind(bound.data_samples, bound.layouts)

        apart = job.target is not None and job.target != job.source
        return AttackJob(
            self.attacks[job.attack, job.eps],
            gradients_from=of(job.source),
            success_on=of(str(job.target)) if apart else None,
            name=f'{job.attack} on {job.source}',
        )
