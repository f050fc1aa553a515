"""The stock test of a config, on saved files in the place of its own samples.

No part of an attack or of a corruption is loaded: mmengine's Runner and TestLoop, the config's
data loader and metrics, and the readers of MMAction2 or MMPose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner, TestLoop

from mmrobust.datasets.replayed import Replayed
from mmrobust.datasets.some import Some
from mmrobust.engine.annotations import leave_out
from mmrobust.engine.checkpoint_guard import CheckpointGuard
from mmrobust.engine.predictions import joint_errors, prediction_of
from mmrobust.engine.progress import metrics_unnoted, tables_to_log
from mmrobust.functional.checks import one_line
from mmrobust.ledger.provenance import OUTPUTS
from mmrobust.registry import METRICS


@dataclass(frozen=True)
class Played:
    """What the stock test says of some files.

    Attributes:
        predictions: One for each file (:func:`~mmrobust.engine.predictions.prediction_of`).
        errors: Of a pose how far each joint is off
            (:func:`~mmrobust.engine.predictions.joint_errors`), else None.
        metrics: Of the config, over all of them.
    """

    predictions: list[dict[str, Any]]
    errors: list[list[float] | None]
    metrics: dict[str, float]


class Replay:
    """One model, which is loaded once.

    Args:
        cfg: A config whose test needs no more than another data set; ``load_from`` names the
            checkpoint.
    """

    def __init__(self, cfg: Any) -> None:
        self.cfg = cfg
        self.runner = Runner.from_cfg(cfg)
        self._collect = _Collect()
        self.runner.register_hook(self._collect)
        self.runner.register_hook(CheckpointGuard())
        self._begun = False

    def play(self, dataset: Any, paths: Sequence[Path], metrics: Sequence[Any] = ()) -> Played:
        """Run the stock test.

        Args:
            dataset: A data set or its config.
            paths: Of its samples, in order, to name the one where it fails.
            metrics: Configs of metrics (:func:`stock_metrics`).

        Raises:
            RuntimeError: A file cannot be played, or other than one sample is read of each.
        """
        if not self._begun:
            self.runner.call_hook('before_run')
            self.runner.load_or_resume()
            self._begun = True
        loader = {**self.cfg.test_dataloader, 'dataset': dataset}
        with metrics_unnoted():
            loop = TestLoop(self.runner, loader, [dict(one) for one in metrics])
        # Hooks ask the runner for its loop, and it would build the config's own.
        self.runner._test_loop = loop
        if isinstance(dataset, Replayed | Some):
            leave_out(loop.evaluator.metrics, dataset.dataset, set(dataset.indices))
        found: list[dict[str, Any]] = []
        errors: list[list[float] | None] = []
        self._collect.found, self._collect.errors = found, errors
        try:
            with tables_to_log():
                values = loop.run()
        except Exception as error:
            if not paths[len(found) :]:
                raise
            raise RuntimeError(f'playing {paths[len(found)]}: {one_line(error)}') from error
        if len(found) != len(paths):
            raise RuntimeError(f'{len(paths)} saved, but {len(found)} read back')
        return Played(found, errors, values)


class _Collect(Hook):
    """Keeps the predictions of the loop that runs."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []
        self.errors: list[list[float] | None] = []

    def after_test_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Note what the test step returned."""
        self.found.extend(map(prediction_of, outputs))
        self.errors.extend(map(joint_errors, outputs))


def stock_metrics(evaluator: Any, unscored: Sequence[str] = ()) -> list[Any] | None:
    """Configs of the metrics of predictions alone, which write no file.

    Args:
        evaluator: Of the config.
        unscored: Classes of metrics that a run has left out.

    Returns:
        None where the evaluator is none of mmengine's, whose metrics cannot be told apart.
    """
    if isinstance(evaluator, Mapping) and 'metrics' in evaluator:
        if evaluator.get('type', 'Evaluator') != 'Evaluator':
            return None
        evaluator = evaluator['metrics']
    listed = evaluator if isinstance(evaluator, list | tuple) else [evaluator]
    found = []
    for one in listed:
        options = {key: value for key, value in one.items() if key not in OUTPUTS}
        name = str(options['type']).split('.')[-1]
        if name not in {*METRICS.names(), *unscored, 'DumpResults'}:
            found.append(options)
    return found
