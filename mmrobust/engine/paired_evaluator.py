"""The config's evaluator, run on clean and on adversarial predictions.

mmengine truncates a metric's results to the length of the data set, so clean
and adversarial results never share a metric: the config's metrics are copied,
and those that compare the two (``PairedMetric``) get one row per sample. A
sample may hold several data samples, such as the persons of a photograph.
Results are taken out of the metrics after each batch and kept in the ledger;
at the end they are put back in the order of the data set, whatever processes
or earlier runs they come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from mmengine.evaluator import Evaluator
from mmengine.structures import BaseDataElement

from mmrobust.engine.codec import decode, encode
from mmrobust.engine.progress import tables_to_log
from mmrobust.evaluation.metrics import ROW_KEY, PairedMetric
from mmrobust.evaluation.summary import Row
from mmrobust.evaluation.unannotated import has_annotation, needs_samples, says_nothing

SIDES = ('clean', 'adversarial')
PREFIX = {'clean': 'clean', 'adversarial': 'adv'}


class PairedEvaluator:
    """Clean, adversarial and paired metrics of one run.

    Where no sample is annotated, metrics that would compare with their annotations are
    left out.

    Args:
        evaluator: The evaluator that the config asks for; left untouched.

    Attributes:
        unscored: After ``evaluate``, the classes of the metrics that were left out.
    """

    def __init__(self, evaluator: Evaluator) -> None:
        stock = [m for m in evaluator.metrics if not isinstance(m, PairedMetric)]
        self.paired = [m for m in evaluator.metrics if isinstance(m, PairedMetric)]
        self.stock = {side: _copies(stock, side) for side in SIDES}
        self.pristine = {side: [_state(m) for m in self.stock[side]] for side in SIDES}
        self.unscored: list[str] = []

    def process(
        self, side: str, data: dict[str, Any], outputs: Sequence[Any]
    ) -> list[dict[str, Any]]:
        """Feed one batch; returns, per sample, what the metrics keep of it.

        Under ``results`` one result per metric; under ``state`` the attributes
        that processing changed (a confusion matrix learns the number of classes);
        under ``annotated`` whether there is something to compare with.
        """
        samples = [s.to_dict() if isinstance(s, BaseDataElement) else s for s in outputs]
        kept = []
        for metric in self.stock[side]:
            metric.process(data, samples)
            if len(metric.results) != len(samples):
                raise ValueError(
                    f'{type(metric).__name__} must keep one result per sample, '
                    f'got {len(metric.results)} for {len(samples)}'
                )
            kept.append([encode(result) for result in metric.results])
            metric.results.clear()
        state = [
            {k: encode(v) for k, v in _state(metric).items() if k not in old or old[k] != v}
            for metric, old in zip(self.stock[side], self.pristine[side], strict=True)
        ]
        per_sample = zip(*kept, strict=True) if kept else ([] for _ in samples)
        known = map(has_annotation, samples)
        return [
            {'results': list(results), 'state': state, 'annotated': some}
            for results, some in zip(per_sample, known, strict=True)
        ]

    def evaluate(
        self, entries: Sequence[dict[str, Any]], rank: int, world_size: int
    ) -> dict[str, dict[str, float]]:
        """Metrics over all entries, in the order of the data set.

        Args:
            entries: The ledger's lines of all processes, without failures; under
                ``evaluator`` what ``process`` gave for both sides, by side, or a
                list of such where a sample holds several data samples.
            rank: This process.
            world_size: Number of processes; each takes every so many-th
                result, which mmengine interleaves again.
        """
        mine = entries[rank::world_size]
        parts = [part for entry in entries for part in _parts(entry)]
        self.unscored = []
        bare = not any(part['clean'].get('annotated', True) for part in parts)
        found: dict[str, dict[str, float]] = {}
        for side in SIDES:
            found[side] = {}
            for number, metric in enumerate(self.stock[side]):
                if self._leaves_out(metric, bare and needs_samples(metric)):
                    continue
                for part in parts:
                    for name, value in part[side]['state'][number].items():
                        setattr(metric, name, decode(value))
                kept = (part[side]['results'][number] for part in parts[rank::world_size])
                metric.results.extend(decode(result) for result in kept)
                with tables_to_log():
                    metrics = metric.evaluate(len(parts))
                if self._leaves_out(metric, says_nothing(metrics)):
                    continue
                twice = sorted(metrics.keys() & found[side].keys())
                if twice:
                    raise ValueError(f'two metrics are named {twice[0]}; give one a prefix')
                found[side].update(metrics)
        found['robust'] = {}
        for paired in self.paired:
            if self._leaves_out(paired, bare and needs_samples(paired)):
                continue
            rows: list[Row] = [{k: v for k, v in e.items() if k != 'evaluator'} for e in mine]
            paired.process(None, [{ROW_KEY: row} for row in rows])
            found['robust'].update(paired.evaluate(len(entries)))
        return found

    def _leaves_out(self, metric: Any, reason: bool) -> bool:
        """Note a metric that is left out, if there is a reason; returns whether there is."""
        name = type(metric).__name__
        if reason and name not in self.unscored:
            self.unscored.append(name)
        return reason


def _parts(entry: dict[str, Any]) -> list[dict[str, Any]]:
    kept = entry['evaluator']
    return kept if isinstance(kept, list) else [kept]


def _state(metric: Any) -> dict[str, Any]:
    """A metric's plain attributes, without its results."""
    plain = (bool, int, float, str)
    return {k: v for k, v in vars(metric).items() if v is None or isinstance(v, plain)}


def _copies(metrics: Sequence[Any], side: str) -> list[Any]:
    """Copies for one side; files that a metric writes get the side's name."""
    copies = []
    for metric in metrics:
        copy = deepcopy(metric)
        for name in ('out_file_path', 'outfile_prefix'):
            path = getattr(copy, name, None)
            if isinstance(path, str):
                parts = Path(path)
                setattr(copy, name, str(parts.with_name(f'{parts.stem}.{side}{parts.suffix}')))
        copies.append(copy)
    return copies
