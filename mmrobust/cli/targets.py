"""A target class by its name, where the data set knows names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmrobust.engine.raw_data import class_names, find_leaf
from mmrobust.functional.checks import shown, suggestion


def numbered(attack: dict[str, Any], cfg: Any) -> dict[str, Any]:
    """The attack's config, with the number of a class in the place of its name in the goal.

    Args:
        attack: The attack's config.
        cfg: The config, whose test data set knows the names.

    Raises:
        ValueError: The data set names no such class.
    """
    goal = attack.get('goal')
    if not isinstance(goal, Mapping) or 'TargetClass' not in str(goal.get('type')):
        return attack
    target = goal.get('target')
    if not isinstance(target, str) or target == 'next' or 'test_dataloader' not in cfg:
        return attack
    names = class_names(cfg, find_leaf(cfg.test_dataloader.dataset)) or []
    if target not in names:
        known = suggestion(target, names) if names else 'the data set has no names of classes'
        rule = 'a class index, "next" or the name of a class of the data set'
        raise ValueError(f'attack.goal.target must be {rule}, got {shown(target)}: {known}')
    return {**attack, 'goal': {**goal, 'target': names.index(target)}}
