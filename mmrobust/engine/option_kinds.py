"""Options of configs that hold others, and what else mmengine would only stumble over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmrobust.functional.checks import finite, require

DICT, LIST = 'a dict of options', 'a list'
EITHER = 'a dict of options or a list of such'
KINDS: dict[str, type | tuple[type, ...]] = {DICT: Mapping, LIST: (list, tuple)}
KINDS[EITHER] = (Mapping, list, tuple)
LOADERS = tuple(f'{part}_dataloader' for part in ('train', 'val', 'test'))
RULES = {
    **dict.fromkeys(('model', 'env_cfg', 'default_hooks', 'custom_imports', 'visualizer'), DICT),
    **dict.fromkeys(('train_cfg', 'val_cfg', 'test_cfg', 'optim_wrapper'), DICT),
    **dict.fromkeys(('optim_wrapper.optimizer', *LOADERS), DICT),
    **dict.fromkeys((f'{loader}.dataset' for loader in LOADERS), DICT),
    **dict.fromkeys((f'{loader}.sampler' for loader in LOADERS), DICT),
    **dict.fromkeys((f'{loader}.dataset.pipeline' for loader in LOADERS), LIST),
    **dict.fromkeys(('val_evaluator', 'test_evaluator', 'param_scheduler'), EITHER),
    'custom_hooks': LIST,
}


def check_kinds(cfg: Any) -> None:
    """Raise ValueError for the first option that must hold options, and holds something else.

    Args:
        cfg: A whole config. What it leaves out, or sets to None, has nothing to check.
    """
    for place, rule in RULES.items():
        value = _at(cfg, place)
        require(value is None or isinstance(value, KINDS[rule]), place, rule, value)
    for name in ('val_evaluator', 'test_evaluator', 'param_scheduler', 'custom_hooks'):
        values = _at(cfg, name)
        for number, value in enumerate(values if isinstance(values, list | tuple) else ()):
            # What is built already says itself what it is.
            plain = value is None or isinstance(value, str | int | float | list | tuple)
            require(not plain, f'{name}.{number}', DICT, value)
    rate = _at(cfg, 'optim_wrapper.optimizer.lr')
    require(rate is None or finite(rate), 'optim_wrapper.optimizer.lr', 'a number', rate)


def _at(cfg: Any, place: str) -> Any:
    """What is at a dotted place; None where it ends before."""
    for key in place.split('.'):
        if not isinstance(cfg, Mapping) and not hasattr(cfg, 'to_dict'):
            return None
        cfg = cfg.get(key)
    return cfg
