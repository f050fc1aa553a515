"""``--input``: raw videos or pictures in the place of the config's own test data."""

from __future__ import annotations

import argparse
import inspect
import os
from collections.abc import Mapping
from typing import Any

from mmrobust.functional.checks import require


def add_arguments(p: argparse.ArgumentParser) -> None:
    """The arguments that name raw files."""
    p.add_argument(
        '--input',
        nargs='+',
        metavar='FILE|FOLDER|GLOB',
        help="videos, for a pose estimator pictures too, in place of the config's test data; "
        "nothing need be annotated: the model's own clean prediction is the reference",
    )
    p.add_argument(
        '--boxes',
        metavar='JSON',
        help='boxes of the persons in the pictures of --input; default: one person in each, '
        'whose box is the whole picture',
    )


def use_input(cfg: Any, args: argparse.Namespace) -> None:
    """Let the config's test data be the files of ``--input``, if there are any.

    The test pipeline, batch size and workers stay the config's. Metrics that need
    annotations go, and the reference of an attack's goal is the prediction unless the user
    named one.

    Args:
        cfg: The config with the loop wired in.
        args: The command line.

    Raises:
        ValueError: The model takes neither videos nor pictures, ``--boxes`` does not suit it,
            or no file is found.
    """
    if not args.input:
        require(args.boxes is None, '--boxes', 'used with --input', args.boxes)
        return
    from mmrobust.engine.raw_data import raw_dataset

    lifts = 'lifter' in cfg.test_cfg.victim
    dataset = raw_dataset(cfg, args.input, args.boxes, lifts=lifts)
    cfg.test_dataloader.dataset = dataset
    metrics = _metrics(cfg.test_evaluator)
    cfg.test_evaluator = [one for one in metrics if _is_useful(one)]
    # The report names them, on the terminal and on the page.
    cfg.unscored = [str(one['type']) for one in metrics if one not in cfg.test_evaluator]
    if 'attack' in cfg.test_cfg:
        attack = cfg.test_cfg.attack
        attack['goal'] = _with_reference(attack.get('goal'))
    _say(dataset)


def _metrics(evaluator: Any) -> list[Any]:
    """The metrics of an evaluator's config."""
    if isinstance(evaluator, Mapping) and 'metrics' in evaluator:
        evaluator = evaluator['metrics']
    return list(evaluator) if isinstance(evaluator, list | tuple) else [evaluator]


def _is_useful(metric: Any) -> bool:
    """Whether a metric means something where nothing is annotated."""
    from mmrobust.evaluation.unannotated import needs_samples
    from mmrobust.registry import METRICS

    kind = metric['type']
    cls = METRICS.get(kind.removeprefix('mmrobust.')) if isinstance(kind, str) else kind
    return cls is not None and not needs_samples(cls)


def _with_reference(goal: Any) -> Any:
    """The goal, with the prediction for a reference where it has one and the user named none."""
    from mmrobust.registry import GOALS, find

    options = dict(goal or {})
    kind = options.get('type')
    cls = find(GOALS, kind) if isinstance(kind, str) else kind
    if cls is not None and 'reference' not in inspect.signature(cls).parameters:
        return options
    return {'reference': 'prediction', **options}


def _say(dataset: Mapping[str, Any]) -> None:
    """How many files will be attacked, and which will not; by the first process."""
    from mmrobust.datasets.files import PICTURES, VIDEOS, find_files
    from mmrobust.visualization.formatting import counted, listed

    videos = dataset['type'] == 'mmrobust.RawVideos'
    endings, what = (VIDEOS, 'video') if videos else (PICTURES | VIDEOS, 'picture or video')
    files = find_files(dataset['inputs'], endings, what)
    if os.environ.get('RANK', '0') != '0':
        return
    print(f'input: {counted(len(files.names), "file")} in {files.folder}')
    if files.others:
        print(f'other files, skipped: {listed(files.others)}')
    if files.again:
        print(f'other names of the same files, left out: {listed(files.again)}')
