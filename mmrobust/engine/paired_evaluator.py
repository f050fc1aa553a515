"""The config's evaluator, run on clean and on adversarial predictions.

mmengine truncates a metric's results to the length of the data set, so clean
and adversarial results never share a metric: the config's metrics are copied,
and those that compare the two (``PairedMetric``) get one row per sample.
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
from mmrobust.evaluation.metrics import ROW_KEY, PairedMetric
from mmrobust.evaluation.summary import Row

SIDES = ('clean', 'adversarial')
PREFIX = {'clean': 'clean', 'adversarial': 'adv'}


class PairedEvaluator:
    """Clean, adversarial and paired metrics of one run.

    Args:
        evaluator: The evaluator that the config asks for; left untouched.
    """

    def __init__(self, evaluator: Evaluator) -> None:
        stock = [m for m in evaluator.metrics if not isinstance(m, PairedMetric)]
        self.paired = [m for m in evaluator.metrics if isinstance(m, PairedMetric)]
        self.stock = {side: _copies(stock, side) for side in SIDES}

    def process(
        self, side: str, data: dict[str, Any], outputs: Sequence[Any]
    ) -> list[list[Any]]:
        """Feed one batch; returns, per sample, what each metric keeps of it."""
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
        return [list(per_sample) for per_sample in zip(*kept, strict=True)] or [
            [] for _ in samples
        ]

    def evaluate(
        self, entries: Sequence[dict[str, Any]], rank: int, world_size: int
    ) -> dict[str, dict[str, float]]:
        """Metrics over all entries, in the order of the data set.

        Args:
            entries: The ledger's lines of all processes, without failures.
            rank: This process.
            world_size: Number of processes; each takes every so many-th
                result, which mmengine interleaves again.
        """
        mine = entries[rank::world_size]
        found: dict[str, dict[str, float]] = {}
        for side in SIDES:
            found[side] = {}
            for number, metric in enumerate(self.stock[side]):
                metric.results.extend(decode(e['evaluator'][side][number]) for e in mine)
                found[side].update(metric.evaluate(len(entries)))
        found['robust'] = {}
        for paired in self.paired:
            rows: list[Row] = [{k: v for k, v in e.items() if k != 'evaluator'} for e in mine]
            paired.process(None, [{ROW_KEY: row} for row in rows])
            found['robust'].update(paired.evaluate(len(entries)))
        return found


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
