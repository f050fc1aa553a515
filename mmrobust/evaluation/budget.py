"""Where an attack's config states its budget, for runs over several budgets."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping
from typing import Any

from mmrobust.functional.checks import finite, require
from mmrobust.registry import THREATS, find


def budget_path(attack: Mapping[str, Any]) -> tuple[str, ...]:
    """Keys that lead to ``eps``: threat, eps; under a mask threat, threat, eps.

    Raises:
        ValueError: A threat is unknown.
    """
    keys, options = ['threat'], attack.get('threat') or {}
    while True:
        require(isinstance(options, Mapping), '.'.join(keys), 'a dict of options', options)
        kind = options.get('type', 'Linf')
        cls = find(THREATS, kind) if isinstance(kind, str) else kind
        if 'threat' not in inspect.signature(cls).parameters:
            return (*keys, 'eps')
        keys.append('threat')
        options = options.get('threat') or {}


def with_budget(attack: Mapping[str, Any], eps: float) -> dict[str, Any]:
    """A copy of the attack's config with another budget."""
    found = copy.deepcopy(dict(attack))
    *path, last = budget_path(attack)
    place = found
    for key in path:
        place[key] = dict(place.get(key) or {})
        place = place[key]
    place[last] = eps
    return found


def without_budget(attack: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the attack's config that leaves the budget to the run."""
    found = copy.deepcopy(dict(attack))
    *path, last = budget_path(attack)
    place = found
    for key in path:
        place = place.get(key) or {}
    place.pop(last, None)
    return found


def check_budgets(eps: Any) -> tuple[float, ...]:
    """Budgets in ascending order.

    Args:
        eps: A list of distinct numbers >= 0, in the threat's unit (grey levels
            for l_inf), or one.

    Raises:
        ValueError: It is something else, or empty.
    """
    # As ``--cfg-options eps=2`` gives it.
    eps = [eps] if isinstance(eps, int | float) and not isinstance(eps, bool) else eps
    listed = isinstance(eps, list | tuple) and len(eps) > 0
    require(listed, 'eps', 'a list of at least one number >= 0', eps)
    for value in eps:
        require(finite(value) and value >= 0, 'eps', 'finite numbers >= 0', value)
    require(len(set(eps)) == len(eps), 'eps', 'distinct numbers', list(eps))
    return tuple(sorted(eps))
