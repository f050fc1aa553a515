"""Raw files in the place of a config's own test data."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mmrobust.engine.victims import victim_kind
from mmrobust.functional.checks import require


def raw_dataset(
    cfg: Any, inputs: Sequence[str], boxes: str | None = None, *, lifts: bool = False
) -> dict[str, Any]:
    """The config of a data set of raw files, with the config's own pipeline.

    Args:
        cfg: The config of a model and its test data.
        inputs: Files, folders or patterns.
        boxes: A file with the boxes of persons, or None.
        lifts: Whether a lifter follows the model.

    Raises:
        ValueError: The model takes neither videos nor pictures, or no boxes.
    """
    kind = kind_of_model(cfg)
    rule = 'used with recognisers and 2-D pose estimators: a 3-D lifter takes annotated joints'
    require(not lifts and kind != 'LifterVictim', '--input', rule, inputs[0])
    rule = 'used with videos and pictures: tracks of skeletons are those of the config'
    require(kind != 'SkeletonVictim', '--input', rule, inputs[0])
    leaf = find_leaf(cfg.test_dataloader.dataset)
    for word in inputs:
        require(bool(word.strip()), 'input', 'a file, a folder or a pattern', word)
    words = [os.path.abspath(os.path.expanduser(word)) for word in inputs]
    found = {'inputs': words, 'pipeline': leaf['pipeline'], 'test_mode': True}
    boxes = None if boxes is None else os.path.abspath(boxes)
    if kind != 'PoseVictim':
        name = {'BottomupVictim': 'bottom-up estimators', 'ActionVictim': 'recognisers'}[kind]
        require(boxes is None, '--boxes', f'left out for {name}', boxes)
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


def kind_of_model(cfg: Any) -> str:
    """The registered victim of a config's model."""
    return victim_kind(_class(cfg, 'MODELS', cfg.model), cfg)


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
