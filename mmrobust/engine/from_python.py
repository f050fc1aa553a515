"""A victim from a config and a checkpoint, and samples for it from raw input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from numbers import Integral, Number
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from torch import Tensor

from mmrobust.attacks import Attack
from mmrobust.attacks.outcome import Outcome
from mmrobust.datasets.arrays import ArrayPictures, ArrayVideos
from mmrobust.engine.attack_configs import attack_config, check_attack
from mmrobust.engine.models import load_model
from mmrobust.engine.raw_data import raw_dataset
from mmrobust.engine.victims import build_attack, build_victim
from mmrobust.functional.checks import require, whole
from mmrobust.functional.randomness import sample_seed
from mmrobust.goals import Labels
from mmrobust.io.configs import read_config
from mmrobust.io.devices import check_gpu, number_of
from mmrobust.registry import DATASETS
from mmrobust.victims.base import Victim, check_victim
from mmrobust.victims.bound import BoundVictim
from mmrobust.victims.samples import Failure, Loaded


def victim_of(
    config: Any,
    checkpoint: str | Path,
    options: Mapping[str, Any],
    space: str | None,
    device: str,
    black_box: bool = False,
) -> Victim:
    """The victim of a config, with its weights, in evaluation mode; see :mod:`mmrobust.api`."""
    check_gpu(device, 'device', int(number_of(device, 'device') or 0))
    known = isinstance(config, str | Path | Config)
    require(known, 'config', 'a path or a config of mmengine', config)
    require(isinstance(checkpoint, str | Path), 'checkpoint', 'a path or a URL', checkpoint)
    require(isinstance(options, Mapping), 'options', 'a dict of options', options)
    cfg = read_config(config, 'config') if isinstance(config, str | Path) else config
    given = {**options, **({} if space is None else {'space': space})}
    model = load_model(cfg, checkpoint, device=device, black_box=black_box)
    victim = build_victim(model, given, cfg)
    victim.config, victim.shapes = cfg, {}
    if victim.raw_input and 'test_dataloader' in cfg:
        victim.arrays = partial(_of_arrays, cfg)
    return victim


def _of_arrays(cfg: Any, arrays: Sequence[Any]) -> Any:
    """The data set of arrays, with the pipeline of the config's test data."""
    files = raw_dataset(cfg, ['.'])
    init_default_scope(cfg.get('default_scope') or 'mmaction')
    if files['type'] == 'mmrobust.RawVideos':
        return ArrayVideos(arrays, files['pipeline'], files['metainfo'])
    topdown = files['data_mode'] == 'topdown'
    return ArrayPictures(arrays, files['pipeline'], files['metainfo'], topdown)


def check_inputs(inputs: Any) -> None:
    """Raise ValueError unless ``inputs`` are None, a path or at least one path."""
    if inputs is None or isinstance(inputs, str | Path):
        return
    listed = isinstance(inputs, list | tuple) and all(isinstance(one, str | Path) for one in inputs)
    require(listed, 'inputs', 'a path or a list of paths', type(inputs).__name__)
    require(bool(inputs), 'inputs', 'at least one video or picture (None: the test data)', inputs)


def attack_inputs(
    victim: Victim | BoundVictim,
    inputs: Any,
    attack: Any,
    labels: Labels | None,
    boxes: str | Path | None,
    seed: int,
) -> list[Outcome]:
    """Attack videos, pictures or tensors; see :mod:`mmrobust.api`."""
    check_victim(victim)
    require(whole(seed), 'seed', 'a whole number', seed)
    made, labels = _attack(attack, victim), _tensor(labels)
    if isinstance(inputs, Tensor):
        require(boxes is None, 'boxes', 'used with paths of pictures', boxes)
        seeds = [sample_seed(seed, index) for index in range(len(inputs))]
        return made(victim, inputs, labels, seeds=seeds)
    kind = type(victim).__name__
    require(isinstance(victim, Victim), 'victim', 'from load_victim for paths and arrays', kind)
    assert isinstance(victim, Victim)
    outcomes: list[Outcome] = []
    samples = victim.samples(_dataset(victim, inputs, boxes))
    count = len(samples)
    # Before anything is attacked: what has been found would be lost.
    for index in range(count if count > 1 else 0):
        _loaded(victim, samples[index])
    known = labels is None or len(labels) == count
    require(known, 'labels', f'one of each of the {count} samples', labels)
    goal = made.goal_for(victim)
    aimed = made.with_goal(goal.of_prediction() if labels is None else goal)
    # One by one, as their sizes may differ: a batch would give each the same.
    for index in range(count):
        loaded = _loaded(victim, samples[index])
        row = torch.tensor([index])
        own = victim.labels(loaded.data) if labels is None else labels[row]
        for _, bound, pixels in victim.batches(loaded):
            outcomes += aimed(bound, pixels, own, seeds=[sample_seed(seed, index)])
    return outcomes


def _tensor(labels: Any) -> Any:
    """Whole numbers in a list or an array as class indices (N,); anything else as it is."""
    if isinstance(labels, np.ndarray) and np.issubdtype(labels.dtype, np.integer):
        return torch.from_numpy(labels.astype(np.int64))
    listed = isinstance(labels, list | tuple) and all(isinstance(one, Integral) for one in labels)
    if listed and not any(isinstance(one, bool) for one in labels):
        return torch.tensor([int(one) for one in labels], dtype=torch.long)
    # Poses are of a class of their own, which their goal checks.
    plain = isinstance(labels, list | tuple | Number | str)
    require(not plain, 'labels', 'a tensor (N,) or a list of class indices', labels)
    return labels


def _attack(attack: Any, victim: Victim | BoundVictim) -> Attack:
    check_attack(attack)
    if isinstance(attack, Attack):
        return attack
    if isinstance(victim, Victim):
        return build_attack(attack, victim)
    from mmrobust.registry import ATTACKS

    found: Attack = ATTACKS.build(attack_config(attack))
    return found


def _dataset(victim: Victim, inputs: Any, boxes: str | Path | None) -> Any:
    """Paths or arrays, with the pipeline that keeps layouts."""
    several = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
    require(bool(several), 'inputs', 'at least one video or picture', several)
    if victim.arrays is None:
        raise ValueError('victim must come from load_victim, for its pipeline to be known')
    if all(isinstance(one, str | Path) for one in several):
        words, file = [str(one) for one in several], None if boxes is None else str(boxes)
        init_default_scope(victim.config.get('default_scope') or 'mmaction')
        # Labels and outcomes belong to the inputs in the order in which they were given.
        given = raw_dataset(victim.config, words, file) | {'as_given': True}
        dataset = DATASETS.build(given)
    else:
        kinds = sorted({type(one).__name__ for one in several})
        same = all(isinstance(one, np.ndarray) for one in several)
        require(same, 'inputs', 'paths, arrays, or a tensor', kinds)
        require(boxes is None, 'boxes', 'used with paths of pictures', boxes)
        dataset = victim.arrays(several)
    victim.install(dataset)
    return dataset


def _loaded(victim: Victim, item: Any) -> Loaded:
    if isinstance(item, Failure):
        raise ValueError(f'{item.name} must be readable by the pipeline: {item.error}')
    return victim.collate(pseudo_collate)([item])
