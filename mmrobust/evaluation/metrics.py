"""Metrics that need a sample's clean and adversarial results together.

Any config can name them in its ``test_evaluator`` (``type='mmrobust.X'``);
they run once, while the config's other metrics run on clean and adversarial
predictions separately.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from mmengine.evaluator import BaseMetric

from mmrobust.evaluation import summary
from mmrobust.registry import METRICS

ROW_KEY = 'mmrobust_row'


class PairedMetric(BaseMetric):
    """One result per sample, clean and adversarial together.

    Attributes:
        without_annotations: Whether it means something where nothing is annotated.
    """

    default_prefix = 'robust'
    without_annotations: ClassVar[bool] = True

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Keep the rows (see :mod:`mmrobust.evaluation.summary`) of a batch.

        Raises:
            RuntimeError: The samples were not attacked.
        """
        for sample in data_samples:
            if ROW_KEY not in sample:
                raise RuntimeError(
                    f'{type(self).__name__} needs attacked samples: run it through '
                    'mmrobust.AttackHook, mmrobust.AttackTestLoop or tools/attack.py'
                )
            self.results.append(sample[ROW_KEY])

    @abstractmethod
    def compute_metrics(self, results: list[summary.Row]) -> dict[str, float]:
        """The metric over all rows."""


def _numbers(values: dict[str, float | None]) -> dict[str, float]:
    """Undefined values (nothing was attacked) become NaN, as metrics are floats."""
    return {k: float('nan') if v is None else float(v) for k, v in values.items()}


@METRICS.register_module()
class RobustAccuracy(PairedMetric):
    """Share of videos that are classified right even when attacked."""

    without_annotations = False

    def compute_metrics(self, results: list[summary.Row]) -> dict[str, float]:
        """``accuracy``, in 0..1."""
        return _numbers({'accuracy': summary.accuracy(results, 'adversarial_correct')})


@METRICS.register_module()
class AttackSuccess(PairedMetric):
    """Share of correctly classified videos on which the goal is reached."""

    def compute_metrics(self, results: list[summary.Row]) -> dict[str, float]:
        """``success_rate``, in 0..1, and ``attacked``, the number it is over."""
        rate, count = summary.success_rate(results), len(summary.attacked(results))
        return _numbers({'success_rate': rate, 'attacked': count})


@METRICS.register_module()
class PerturbationSize(PairedMetric):
    """Mean size of the change in several norms, how much of a video changed, how it looks."""

    def compute_metrics(self, results: list[summary.Row]) -> dict[str, float]:
        """By the names of :data:`~mmrobust.evaluation.summary.SIZES`."""
        return _numbers(summary.perturbation(results))


@METRICS.register_module()
class AttackCost(PairedMetric):
    """Mean forwards, backwards and queries per attacked video."""

    def compute_metrics(self, results: list[summary.Row]) -> dict[str, float]:
        """``forwards``, ``backwards``, ``queries``."""
        return _numbers(summary.cost(results))
