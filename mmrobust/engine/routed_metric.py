"""A metric whose evaluator decides which samples it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmengine.evaluator import BaseMetric


class RoutedMetric:
    """Notes which samples a metric is given, and takes out what it keeps of them.

    Args:
        metric: Of an evaluator; its ``process`` is replaced by one that takes notes.

    Attributes:
        name: Its class and prefix.
        leaves: The metrics that keep results: those that ``metric`` feeds with parts of
            each sample (``KeypointPartitionMetric``), else itself.
    """

    def __init__(self, metric: Any) -> None:
        self.metric = metric
        self.name = f'{type(metric).__name__} (prefix {metric.prefix})'
        self.leaves: list[Any] = list(_inner(metric)) or [metric]
        self._given: list[Any] = []
        self._process = metric.process
        metric.process = self._noting

    def _noting(self, data_batch: Any, data_samples: Sequence[Any]) -> None:
        self._given += data_samples
        self._process(data_batch, data_samples)

    def taken(self, samples: Sequence[Any]) -> list[dict[int, Any]]:
        """Results by row of the batch, one dict per leaf; they are removed there.

        Args:
            samples: The batch, as the evaluator was given it.

        Raises:
            ValueError: There is not one result of each sample that was given.
        """
        places = {id(sample): row for row, sample in enumerate(samples)}
        rows = [places[id(sample)] for sample in self._given]
        self._given = []
        found = []
        for leaf in self.leaves:
            if len(leaf.results) != len(rows):
                raise ValueError(
                    f'{type(self.metric).__name__} must keep one result per sample, '
                    f'got {len(leaf.results)} for {len(rows)}'
                )
            found.append(dict(zip(rows, leaf.results, strict=True)))
            leaf.results.clear()
        return found


def _inner(metric: Any) -> list[Any]:
    """The metrics that a metric holds."""
    held = getattr(metric, 'metrics', None)
    values = list(held.values()) if isinstance(held, dict) else list(held or ())
    return [value for value in values if isinstance(value, BaseMetric)]
