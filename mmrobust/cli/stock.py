"""The stock test that ``mmrobust verify`` runs."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmrobust.functional.checks import require

if TYPE_CHECKING:
    from mmrobust.datasets.replayed import File
    from mmrobust.engine.replay import Played, Replay


class Stock:
    """The config's own test on saved files; the model is loaded once, when it is first needed.

    Args:
        args: The command line.
        work_dir: For what the test leaves.
    """

    def __init__(self, args: argparse.Namespace, work_dir: Path) -> None:
        self.args, self.work_dir = args, work_dir

    @cached_property
    def cfg(self) -> Any:
        """The config, with nothing of an attack in it."""
        from mmrobust.cli.options import import_named, parse_options
        from mmrobust.engine.raw_data import raw_dataset
        from mmrobust.engine.stock_config import stock_config

        args, options = self.args, parse_options(self.args.cfg_options)
        import_named(options)
        cfg = stock_config(args.config, args.checkpoint, options, args.batch_size, self.work_dir)
        if args.input:
            cfg.test_dataloader.dataset = raw_dataset(cfg, args.input, args.boxes)
        return cfg

    @cached_property
    def replay(self) -> Replay:
        """The model."""
        from mmrobust.engine.replay import Replay

        return Replay(self.cfg)

    def check(self, report: Mapping[str, Any]) -> None:
        """Raise ValueError where a report is of another checkpoint."""
        from mmrobust.ledger.provenance import file_sha256

        known, given = report.get('checkpoint_sha256'), file_sha256(self.args.checkpoint)
        rule = f'that of the run, {report.get("checkpoint")} with sha256 {known}'
        require(known is None or known == given, f'CHECKPOINT {self.args.checkpoint}', rule, given)

    def check_input(self, report: Mapping[str, Any]) -> None:
        """Raise ValueError where a report is of raw files that the command line does not name."""
        of = (report.get('input') or {}).get('folder')
        rule = f'that of the run, which is of the files of {of}'
        require(of is None or bool(self.args.input), '--input', rule, self.args.input)

    def videos(
        self,
        folder: Path,
        rows: Sequence[Mapping[str, Any]],
        paths: Sequence[Path],
        metrics: Sequence[Any] = (),
    ) -> Played:
        """Play videos.

        Args:
            folder: They are in.
            rows: With the name of each under ``video``, and its ``label``.
            paths: Of them.
            metrics: Configs of metrics.
        """
        from mmrobust.engine.stock_config import video_dataset
        from mmrobust.io.pipelines import own_pipeline

        pipeline = own_pipeline(self.cfg.test_dataloader.dataset)
        dataset = video_dataset(pipeline, folder, rows, self.work_dir)
        return self.replay.play(dataset, paths, metrics)

    def tracks(self, folder: Path, paths: Sequence[Path], metrics: Sequence[Any] = ()) -> Played:
        """Play tracks of skeletons.

        Args:
            folder: They are in, beside the one file of all.
            paths: Of them.
            metrics: Configs of metrics.
        """
        from mmrobust.engine.stock_config import track_dataset
        from mmrobust.io.pipelines import own_pipeline

        pipeline = own_pipeline(self.cfg.test_dataloader.dataset)
        return self.replay.play(track_dataset(pipeline, folder), paths, metrics)

    def pictures(self, files: Sequence[File], metrics: Sequence[Any] = ()) -> Played:
        """Play pictures in the place of those of the data set's samples.

        Args:
            files: Index of a sample, the picture, and the box if it is another.
            metrics: Configs of metrics.
        """
        from mmrobust.datasets.replayed import Replayed

        dataset = Replayed(self.samples, files)
        return self.replay.play(dataset, [path for _, path, _ in files], metrics)

    @cached_property
    def samples(self) -> Any:
        """The config's own data set."""
        from mmrobust.datasets.wrappers import leaves
        from mmrobust.registry import DATASETS
        from mmrobust.victims.pose.detections import annotate_boxes

        # Its scope is set by the runner.
        assert self.replay
        dataset = DATASETS.build(self.cfg.test_dataloader.dataset)
        for leaf in leaves(dataset):
            annotate_boxes(leaf)
        return dataset
