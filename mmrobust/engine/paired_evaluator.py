"""The config's evaluator, run on clean and on adversarial predictions.

mmengine truncates a metric's results to the length of the data set, so clean
and adversarial results never share a metric: the config's evaluator is copied,
and metrics that compare the two (``PairedMetric``) get one row per sample. A
sample may hold several data samples, such as the persons of a picture.
Results are taken out of the metrics after each batch and kept in the ledger;
at the end they are put back in the order of the data set, whatever processes
or earlier runs they come from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from mmengine.evaluator import Evaluator
from mmengine.structures import BaseDataElement

from mmrobust.engine.progress import tables_to_log
from mmrobust.engine.routed_metric import RoutedMetric
from mmrobust.evaluation.metrics import ROW_KEY, PairedMetric
from mmrobust.evaluation.summary import Row
from mmrobust.evaluation.unannotated import has_annotation, needs_samples, says_nothing
from mmrobust.ledger.codec import decode, encode
from mmrobust.ledger.provenance import OUTPUTS

SIDES = ('clean', 'adversarial')
PREFIX = {'clean': 'clean', 'adversarial': 'adv'}
# By name: MMPose is not needed for videos. It gives each metric the samples of one data set.
ROUTING = 'MultiDatasetEvaluator'
# In the place of a result, where a metric was not shown the sample.
ABSENT = {'~': 'absent', 'of': None}


class PairedEvaluator:
    """Clean, adversarial and paired metrics of one run.

    Where no sample is annotated, metrics that would compare with their annotations are
    left out.

    Args:
        evaluator: The evaluator that the config asks for; left untouched.

    Attributes:
        unscored: After ``evaluate``, the classes of the metrics that were left out.
        stock: By side, all metrics but the paired ones, without wrappers.

    Raises:
        ValueError: Its class is one that nothing is known of.
    """

    def __init__(self, evaluator: Evaluator) -> None:
        _check_kind(evaluator)
        self.paired = [m for m in evaluator.metrics if isinstance(m, PairedMetric)]
        self.sides: dict[str, Evaluator] = {}
        self.routed: dict[str, list[RoutedMetric]] = {}
        self.stock: dict[str, list[Any]] = {}
        for side in SIDES:
            copy = deepcopy(evaluator)
            copy.metrics = [m for m in copy.metrics if not isinstance(m, PairedMetric)]
            self.sides[side], self.routed[side] = copy, list(map(RoutedMetric, copy.metrics))
            self.stock[side] = [leaf for metric in self.routed[side] for leaf in metric.leaves]
            for leaf in self.stock[side]:
                _rename_outputs(leaf, side)
        self.pristine = {side: list(map(_state, self.stock[side])) for side in SIDES}
        self.unscored: list[str] = []

    def reading_annotations(self) -> Iterator[tuple[str | None, list[Any]]]:
        """Metrics that compare with a whole annotation file, of one data set or of all (None)."""
        for side in SIDES:
            named = getattr(self.sides[side], 'metrics_dict', {})
            names = {id(metric): name for name, metric in named.items()}
            for metric in self.routed[side]:
                leaves = [leaf for leaf in metric.leaves if getattr(leaf, 'coco', None) is not None]
                if leaves:
                    yield names.get(id(metric.metric)), leaves

    def process(
        self, side: str, data: dict[str, Any], outputs: Sequence[Any]
    ) -> list[dict[str, Any]]:
        """Feed one batch; returns, per sample, what the metrics keep of it.

        Under ``results`` one result per metric; under ``state`` the attributes
        that processing changed (a confusion matrix learns the number of classes);
        under ``annotated`` whether there is something to compare with.

        Raises:
            ValueError: A metric does not keep one result of each sample that it is given.
        """
        samples = [s.to_dict() if isinstance(s, BaseDataElement) else s for s in outputs]
        self.sides[side].process(samples, data)
        kept = [results for metric in self.routed[side] for results in metric.taken(samples)]
        state = [
            {k: encode(v) for k, v in _state(metric).items() if k not in old or old[k] != v}
            for metric, old in zip(self.stock[side], self.pristine[side], strict=True)
        ]
        return [
            {
                'results': [encode(of[row]) if row in of else ABSENT for of in kept],
                'state': state,
                'annotated': has_annotation(samples[row]),
            }
            for row in range(len(samples))
        ]

    def check(self, entry: dict[str, Any]) -> None:
        """Raise ValueError unless ``evaluate`` can go on from a ledger's entry."""
        try:
            for part in _parts(entry):
                for side in SIDES:
                    for name in ('results', 'state'):
                        if len(part[side][name]) != len(self.stock[side]):
                            raise ValueError
                    for values in part[side]['state']:
                        list(map(decode, values.values()))
                    list(map(decode, (v for v in part[side]['results'] if v != ABSENT)))
        except Exception as error:
            raise ValueError(
                'evaluator must hold, encoded, what each metric keeps of the sample, clean and '
                f'adversarial, got {str(entry.get("evaluator"))[:60]!r}'
            ) from error

    def evaluate(
        self, entries: Sequence[dict[str, Any]], rank: int, world_size: int
    ) -> dict[str, dict[str, float]]:
        """Metrics over all entries, in the order of the data set.

        A metric that was given no sample at all is left out.

        Args:
            entries: The ledger's lines of all processes, without failures; under
                ``evaluator`` what ``process`` gave for both sides, by side, or a
                list of such where a sample holds several data samples.
            rank: This process.
            world_size: Number of processes; each takes every so many-th
                result, which mmengine interleaves again.
        """
        parts = [part for entry in entries for part in _parts(entry)]
        self.unscored = []
        bare = not any(part['clean'].get('annotated', True) for part in parts)
        shared = (bare, rank, world_size)
        found = {side: self._side(side, [part[side] for part in parts], *shared) for side in SIDES}
        found['robust'] = {}
        for paired in self.paired:
            if self._leaves_out(paired, bare and needs_samples(paired)):
                continue
            rows: list[Row] = [
                {k: v for k, v in entry.items() if k != 'evaluator'}
                for entry in entries[rank::world_size]
            ]
            paired.process(None, [{ROW_KEY: row} for row in rows])
            found['robust'].update(paired.evaluate(len(entries)))
        return found

    def evaluate_side(
        self, side: str, kept: Sequence[Any], rank: int, world_size: int
    ) -> dict[str, float]:
        """Metrics of predictions alone, in the order of the data set.

        Args:
            side: Whose copies of the metrics are used.
            kept: Per sample what ``process`` gave.
            rank: This process.
            world_size: Number of processes.
        """
        parts = [part for one in kept for part in (one if isinstance(one, list) else [one])]
        bare = not any(part.get('annotated', True) for part in parts)
        return self._side(side, parts, bare, rank, world_size)

    def _side(
        self, side: str, kept: Sequence[dict[str, Any]], bare: bool, rank: int, world_size: int
    ) -> dict[str, float]:
        found: dict[str, float] = {}
        for metric in self._fill(side, kept, rank, world_size):
            if self._leaves_out(metric.metric, bare and needs_samples(metric.metric)):
                continue
            values = self._evaluated(side, metric, len(kept))
            if self._leaves_out(metric.metric, says_nothing(values)):
                continue
            twice = sorted(values.keys() & found.keys())
            if twice:
                raise ValueError(f'two metrics are named {twice[0]}; give one a prefix')
            found.update(values)
        return found

    def _leaves_out(self, metric: Any, reason: bool) -> bool:
        """Note a metric that is left out, if there is a reason; returns whether there is."""
        name = type(metric).__name__
        if reason and name not in self.unscored:
            self.unscored.append(name)
        return reason

    def _evaluated(self, side: str, metric: RoutedMetric, size: int) -> dict[str, float]:
        """One metric's values, by the evaluator's own ``evaluate``."""
        evaluator = self.sides[side]
        evaluator.metrics = [metric.metric]
        with tables_to_log():
            found: dict[str, float] = evaluator.evaluate(size)
        return found

    def _fill(
        self, side: str, kept: Sequence[dict[str, Any]], rank: int, world_size: int
    ) -> list[RoutedMetric]:
        """Put this process's share of what was kept back; the metrics that were given any."""
        seen, number = [], 0
        for metric in self.routed[side]:
            given = [of for of in kept if of['results'][number] != ABSENT]
            for leaf in metric.leaves:
                for of in given:
                    for name, value in of['state'][number].items():
                        setattr(leaf, name, decode(value))
                share = given[rank::world_size]
                leaf.results.extend(decode(of['results'][number]) for of in share)
                number += 1
            if given:
                seen.append(metric)
            elif rank == 0 and side == SIDES[0]:
                print(f'{metric.name} was given no sample, and is left out')
        return seen


def _check_kind(evaluator: Evaluator) -> None:
    kind = type(evaluator)
    routing = kind.__name__ == ROUTING and kind.__module__.startswith('mmpose.')
    if kind is not Evaluator and not routing:
        raise ValueError(
            f"test_evaluator must be mmengine's Evaluator or MMPose's {ROUTING}, got "
            f'{kind.__module__}.{kind.__name__}: what it does beside its metrics is not known'
        )
    paired = [type(m).__name__ for m in evaluator.metrics if isinstance(m, PairedMetric)]
    if routing and paired:
        raise ValueError(
            f'test_evaluator of type {ROUTING} must have metrics of predictions alone, got '
            f'{paired[0]}, which compares clean and adversarial ones; the report states it'
        )


def _parts(entry: dict[str, Any]) -> list[dict[str, Any]]:
    kept = entry['evaluator']
    return kept if isinstance(kept, list) else [kept]


def _state(metric: Any) -> dict[str, Any]:
    """A metric's plain attributes, without its results."""
    plain = (bool, int, float, str)
    return {k: v for k, v in vars(metric).items() if v is None or isinstance(v, plain)}


def _rename_outputs(metric: Any, side: str) -> None:
    """Files that a metric writes get the side's name."""
    for name in OUTPUTS:
        path = getattr(metric, name, None)
        if isinstance(path, str):
            parts = Path(path)
            setattr(metric, name, str(parts.with_name(f'{parts.stem}.{side}{parts.suffix}')))
