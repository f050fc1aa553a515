"""``--input``: raw videos or pictures in the place of the config's own test data."""

from __future__ import annotations

import argparse
import inspect
import os
from collections.abc import Iterator, Mapping
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
    annotations go, and the goal's reference is the prediction unless the user named one.

    Args:
        cfg: The config with the attack loop wired in.
        args: The command line.

    Raises:
        ValueError: The model takes neither videos nor pictures, ``--boxes`` does not suit it,
            or no file is found.
    """
    if not args.input:
        require(args.boxes is None, '--boxes', 'used with --input', args.boxes)
        return
    dataset = _raw_data(cfg, args)
    cfg.test_dataloader.dataset = dataset
    metrics = _metrics(cfg.test_evaluator)
    cfg.test_evaluator = [one for one in metrics if _is_useful(one)]
    # The report names them, on the terminal and on the page.
    cfg.unscored = [str(one['type']) for one in metrics if one not in cfg.test_evaluator]
    attack = cfg.test_cfg.attack
    attack['goal'] = _with_reference(attack.get('goal'))
    _say(dataset)


def _raw_data(cfg: Any, args: argparse.Namespace) -> dict[str, Any]:
    """The config of a data set of raw files, with the config's own pipeline."""
    from mmrobust.engine.victims import victim_kind

    kind = victim_kind(_class(cfg, 'MODELS', cfg.model))
    lifts = kind == 'LifterVictim' or 'lifter' in cfg.test_cfg.victim
    rule = 'used with recognisers and 2-D pose estimators: a 3-D lifter takes annotated joints'
    require(not lifts, '--input', rule, args.input[0])
    leaf = find_leaf(cfg.test_dataloader.dataset)
    words = [os.path.abspath(os.path.expanduser(word)) for word in args.input]
    found = {'inputs': words, 'pipeline': leaf['pipeline'], 'test_mode': True}
    boxes = None if args.boxes is None else os.path.abspath(args.boxes)
    if kind != 'PoseVictim':
        name = {'BottomupVictim': 'bottom-up estimators', 'ActionVictim': 'recognisers'}[kind]
        require(boxes is None, '--boxes', f'left out for {name}', args.boxes)
    if kind == 'ActionVictim':
        metainfo = leaf.get('metainfo') or {}
        names = class_names(cfg, leaf)
        named = {} if names is None else {'classes': names}
        return {'type': 'mmrobust.RawVideos', **found, 'metainfo': {**metainfo, **named}}
    mode = 'topdown' if kind == 'PoseVictim' else 'bottomup'
    metainfo = leaf.get('metainfo') or getattr(_class(cfg, 'DATASETS', leaf), 'METAINFO', None)
    require(bool(metainfo), 'test_dataloader.dataset', 'one with metainfo (joints)', leaf['type'])
    more = {'metainfo': metainfo, 'boxes': boxes, 'data_mode': mode}
    return {'type': 'mmrobust.RawPictures', **found, **more}


def class_names(cfg: Any, leaf: Mapping[str, Any]) -> list[str] | None:
    """Names of the classes, in the order of their numbers, of a data set's config; or None."""
    metainfo = leaf.get('metainfo') or {}
    names = metainfo.get('classes', leaf.get('classes', _default(cfg, leaf, 'classes')))
    return None if names is None else list(names)


def _default(cfg: Any, leaf: Mapping[str, Any], option: str) -> Any:
    """What a data set's option is where its config does not name it; None without one."""
    known = inspect.signature(_class(cfg, 'DATASETS', leaf)).parameters
    value = known[option].default if option in known else None
    return None if value is inspect.Parameter.empty else value


def _class(cfg: Any, registry: str, part: Mapping[str, Any]) -> Any:
    """The class that a part of the config names."""
    from mmengine import registry as registries
    from mmengine.registry import init_default_scope

    kind = part['type']
    if not isinstance(kind, str):
        return kind
    scope = cfg.get('default_scope') or 'mmengine'
    init_default_scope(scope)
    with getattr(registries, registry).switch_scope_and_registry(scope) as own:
        found = own.get(kind)
    require(found is not None, f'{registry.lower()}.type', 'a registered class', kind)
    return found


def find_leaf(dataset: Any) -> Any:
    """The config of the data set inside wrappers that has the pipeline.

    Raises:
        ValueError: There is none, or data sets of several pipelines are joined.
    """
    found = list(_leaves(dataset))
    require(bool(found), 'test_dataloader.dataset', 'one with a pipeline', dataset.get('type'))
    same = all(leaf['pipeline'] == found[0]['pipeline'] for leaf in found)
    kinds = [leaf.get('type') for leaf in found]
    require(same, 'test_dataloader.dataset', 'of one pipeline with --input', kinds)
    return found[0]


def _leaves(dataset: Any) -> Iterator[Any]:
    if dataset.get('pipeline'):
        yield dataset
    elif 'dataset' in dataset:
        yield from _leaves(dataset['dataset'])
    else:
        for inner in dataset.get('datasets') or ():
            yield from _leaves(inner)


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
