"""Crafts clips on the sources, shows them to the targets, and writes it all down.

Shapes: N samples of a batch, K classes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmrobust.attacks.outcome import Outcome
from mmrobust.engine.canonical import canonical
from mmrobust.engine.data import attack_loader
from mmrobust.engine.datasets import annotations_digest, clipped
from mmrobust.engine.labels import check_labels
from mmrobust.engine.ledger import Ledger
from mmrobust.engine.ledger_files import Entry
from mmrobust.engine.progress import Progress
from mmrobust.engine.provenance import SPEED, attack_files, data_files, model_files, versions
from mmrobust.engine.rows import failure_row, sample_row
from mmrobust.engine.sample_files import SampleFiles
from mmrobust.engine.settings import RunSettings
from mmrobust.functional.randomness import sample_seed
from mmrobust.transfer.data import build_loader, check_inputs, dataloader_config, install
from mmrobust.transfer.rows import check_transfer_row, transfer_row
from mmrobust.transfer.spec import Job, TransferSpec
from mmrobust.transfer.victims import describe_victims, load_victims, victim_config
from mmrobust.version import __version__
from mmrobust.victims.bound import BoundSamples
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
        with Progress(self.total * count, before, 1, 0) as progress:
            position = 0
            for loaded in loader:
                size = len(loaded.slots) + len(loaded.failures)
                for entry in self.batch(loaded, todo[position : position + size]):
                    ledger.append(entry)
                    # A sample that failed to load has one line for all its jobs.
                    progress.done += 0 if entry['error'] is None else count - 1
                    progress.advance(entry)
                position += size
        ledger.rewrite(ledger.entries)
        return self._checked([e for e in ledger.entries.values() if e['sample'] < self.total])

    def _check_line(self, entry: Entry) -> None:
        check_transfer_row(entry, self.jobs, self.spec.targets, self.host.record_keys)

    @staticmethod
    def _checked(rows: list[Entry]) -> list[Entry]:
        """The lines in order, of which some must be more than a failure."""
        rows.sort(key=lambda row: row['index'])
        if all(row['error'] is not None for row in rows):
            raise ValueError(
                f'at least one sample must load, but all {len(rows)} failed; '
                f'the first: {rows[0]["name"]}: {rows[0]["error"]}'
            )
        return rows

    @torch.no_grad()
    def batch(self, loaded: Loaded, samples: Sequence[int]) -> Iterator[Entry]:
        """Lines of a batch, job by job.

        Args:
            loaded: The batch.
            samples: Indices in the data set, failures included.
        """
        count = len(self.jobs)
        for slot, failure in loaded.failures.items():
            if failure.refused:
                raise ValueError(failure.error)
            sample = samples[slot]
            yield failure_row(sample * count, failure) | {'sample': sample}
        if not loaded.slots:
            return
        good = [samples[slot] for slot in loaded.slots]
        clean = {name: v.predict(loaded.data)[1] for name, v in self.victims.items()}
        for number in range(count):
            rows = [r for r, s in enumerate(good) if s * count + number not in self.done]
            if rows:
                yield from self._job(number, loaded, good, clean, rows)

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
        crafted = self._craft(job, loaded, samples, clean[success_victim], rows)
        data = {key: [values[row] for row in rows] for key, values in loaded.data.items()}
        data['inputs'] = [
            self.host.render(loaded.layouts[row], crafted[row][0].adversarial.cpu()) for row in rows
        ]
        targets = self.spec.targets if job.target is None else (job.target,)
        shown = {name: self.victims[name].predict(data)[1] for name in {success_victim, *targets}}
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
            result = sample_row(samples[row], loaded.names[row], record, outcome, seconds)
            result['file'] = self.files.stamp(samples[row])
            line = samples[row] * len(self.jobs) + number
            one = goal.select(torch.tensor([i], device=place.device))
            yield transfer_row(job, line, result, targets, known, found, one)

    def _craft(
        self,
        job: Job,
        loaded: Loaded,
        samples: Sequence[int],
        clean: Tensor,
        rows: list[int],
    ) -> dict[int, tuple[Outcome, float]]:
        """Row -> outcome and seconds; samples of one shape at a time."""
        found: dict[int, tuple[Outcome, float]] = {}
        labels = self.host.labels(loaded.data)
        for alike, clips, pixels in self.host.batches(loaded):
            began = time.perf_counter()
            keep = torch.tensor([i for i, row in enumerate(alike.tolist()) if row in rows])
            if not len(keep):
                continue
            chosen = alike[keep].tolist()
            kept = clips.select(keep)
            assert isinstance(kept, BoundSamples)
            success_victim = None
            if job.target is not None and job.target != job.source:
                success_victim = self.victims[job.target].bind(kept.samples, kept.layouts)
            try:
                outcomes = self.attacks[job.attack, job.eps](
                    self.victims[job.source].bind(kept.samples, kept.layouts),
                    pixels[keep.to(pixels.device)],
                    labels[alike[keep]],
                    seeds=[sample_seed(self.spec.seed, samples[row]) for row in chosen],
                    clean_outputs=clean[alike[keep].to(clean.device)],
                    success_on=success_victim,
                )
            except ValueError as error:
                names = ', '.join(loaded.names[row] for row in chosen[:4])
                raise ValueError(
                    f'{error} ({job.attack} on {job.source}, attacking {names})'
                ) from error
            share = (time.perf_counter() - began) / max(1, sum(o.attacked for o in outcomes))
            pairs = zip(chosen, outcomes, strict=True)
            found.update((row, (o, share * o.attacked)) for row, o in pairs)
        return found
