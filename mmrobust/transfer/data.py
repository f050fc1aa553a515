"""The samples of a transfer run, and whether every victim takes them.

Shapes: V views, C channels, t frames of a view, h, w its size, K classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from mmrobust.datasets.wrappers import leaves, locate
from mmrobust.engine.built_data import EMPTY, naming_files
from mmrobust.functional.checks import one_line
from mmrobust.io.configs import read_config
from mmrobust.transfer.spec import TransferSpec
from mmrobust.transfer.victims import Victims, shown_to, victim_config
from mmrobust.victims.action.victim import ActionVictim
from mmrobust.victims.samples import Failure, Loaded

Shape = tuple[int, ...]


def dataloader_config(spec: TransferSpec) -> dict[str, Any]:
    """The spec's data as a full config of a data loader.

    Raises:
        OSError: The config does not exist.
        ValueError: It cannot be read, or there is no data set in it.
    """
    cfg: Any = spec.data
    if isinstance(cfg, str):
        loaded = read_config(cfg, 'data')
        if 'test_dataloader' not in loaded:
            raise ValueError(f'data {cfg} must have a test_dataloader')
        cfg = loaded.test_dataloader.to_dict()
    if not isinstance(cfg.get('dataset'), Mapping):
        raise ValueError(f"data must have a 'dataset', got the keys {', '.join(cfg)}")
    defaults = {
        'batch_size': 1,
        'num_workers': 0,
        'sampler': {'type': 'DefaultSampler', 'shuffle': False},
    }
    return defaults | dict(cfg) | ({'batch_size': spec.batch_size} if spec.batch_size else {})


def build_loader(cfg: dict[str, Any]) -> Any:
    """The data loader.

    Raises:
        ValueError: The list of samples is empty.
    """
    from mmengine.registry import init_default_scope
    from mmengine.runner import Runner

    init_default_scope('mmaction')
    with naming_files():
        loader = Runner.build_dataloader(cfg)
    if not len(loader.dataset):
        raise ValueError(EMPTY)
    return loader


def check_inputs(spec: TransferSpec, victims: Victims, loader: Any) -> None:
    """Compare what the victims take and give, on the first sample that loads.

    Their own test pipelines must cut views of one shape (C, h, w) or
    (C, t, h, w), wherever those can be run on the sample; the number of views
    is the data's affair. A victim of single frames (C, h, w) is shown those of clips of the
    same height and width. Then each victim is shown the sample.

    Args:
        spec: The spec.
        victims: Its victims.
        loader: Of data sets whose pipelines record layouts.

    Raises:
        ValueError: Shapes or numbers of classes differ, a victim cannot take
            the sample, or no sample loads.
    """
    index, loaded = _first(loader, next(iter(victims.values())).collate(loader.collate_fn))
    # A victim that looks by way of its own pipeline need not be shown what others are.
    common = [name for name, victim in victims.items() if not victim.looks_apart]
    shapes = {name: _own_shape(spec, name, loader.dataset, index) for name in common}
    given = tuple(loaded.data['inputs'][0].shape[1:])
    for name, shape in shapes.items():
        if shape is not None and len(given) == 4 and shape == (given[0], *given[2:]):
            victims[name].scorer.single_frames, shapes[name] = True, given
    known = [(name, shape) for name, shape in shapes.items() if shape is not None]
    for name, shape in known[1:]:
        first, expected = known[0]
        if shape != expected:
            raise ValueError(
                f'victims must take input of one shape, but a view is {expected} for {first!r} '
                f'and {shape} for {name!r}'
            )
    _check_classes({name: _classes(name, victims[name], loaded) for name in victims})


def _classes(name: str, victim: ActionVictim, loaded: Loaded) -> int:
    """K of a victim that is shown the batch."""
    try:
        with torch.no_grad():
            return victim.predict(shown_to(victim, loaded))[1].shape[1]
    except Exception as error:
        shape = tuple(loaded.data['inputs'][0].shape[1:])
        raise ValueError(
            f'victims.{name} cannot take views of shape {shape}, which the data give '
            f'({one_line(error)})'
        ) from error


def _check_classes(classes: dict[str, int]) -> None:
    first = next(iter(classes))
    for name, count in classes.items():
        if count != classes[first]:
            raise ValueError(
                f'victims must tell the same classes apart, but {first!r} knows '
                f'{classes[first]} and {name!r} {count}'
            )


def _first(loader: Any, collate: Any) -> tuple[int, Loaded]:
    """The first sample that loads, alone in a batch, and its index."""
    failures: list[Failure] = []
    for index in range(len(loader.dataset)):
        loaded: Loaded = collate([loader.dataset[index]])
        if loaded.slots:
            return index, loaded
        failures.append(loaded.failures[0])
        if failures[-1].refused:
            raise ValueError(failures[-1].error)
    raise ValueError(
        f'at least one sample must load, but all {len(failures)} failed; '
        f'the first: {failures[0].name}: {failures[0].error}'
    )


def _own_shape(spec: TransferSpec, name: str, dataset: Any, index: int) -> Shape | None:
    """A view's shape by the victim's own test pipeline, None where that cannot be told."""
    from mmengine.dataset import Compose

    cfg = victim_config(name, spec.victims[name])
    wanted = (cfg.get('test_dataloader') or {}).get('dataset') or {}
    while 'pipeline' not in wanted and isinstance(wanted.get('dataset'), Mapping):
        wanted = wanted['dataset']
    if 'pipeline' not in wanted:
        return None
    leaf, inner = locate(dataset, index)
    try:
        packed = Compose(wanted['pipeline'])(leaf.get_data_info(inner))
        return tuple(packed['inputs'].shape[1:])
    except Exception:
        # Made for another kind of data set (frames on disk, say): no statement about shapes.
        return None


def install(victims: Victims, dataset: Any) -> None:
    """Let the data sets record layouts, which all victims share."""
    for leaf in leaves(dataset):
        next(iter(victims.values())).install(leaf)
