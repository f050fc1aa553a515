"""Registries of mmrobust.

mmengine imports this module by name whenever a config says
``type='mmrobust.X'``, and each registry imports its ``locations`` on first
use: a config needs no ``custom_imports`` to name anything of this package.
"""

import inspect
from typing import Any

from mmengine.registry import DATASETS as MMENGINE_DATASETS
from mmengine.registry import HOOKS as MMENGINE_HOOKS
from mmengine.registry import LOOPS as MMENGINE_LOOPS
from mmengine.registry import METRICS as MMENGINE_METRICS
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import TRANSFORMS as MMENGINE_TRANSFORMS
from mmengine.registry import Registry

from mmrobust.functional.checks import require, shown, suggestion

DATASETS = Registry('dataset', parent=MMENGINE_DATASETS, locations=['mmrobust.datasets'])
HOOKS = Registry('hook', parent=MMENGINE_HOOKS, locations=['mmrobust.engine'])
LOOPS = Registry('loop', parent=MMENGINE_LOOPS, locations=['mmrobust.engine'])
METRICS = Registry('metric', parent=MMENGINE_METRICS, locations=['mmrobust.evaluation'])
MODELS = Registry('model', parent=MMENGINE_MODELS, locations=['mmrobust.flow.recognizers'])
TRANSFORMS = Registry('transform', parent=MMENGINE_TRANSFORMS, locations=['mmrobust.datasets'])


def _build(cfg: dict[str, Any], registry: Registry, default_type: str | None = None) -> Any:
    """Build ``cfg``, its nested nouns first; refuse unknown names and options.

    mmengine's own builder warns when the default scope is another package's,
    and reports a misspelt option as a TypeError without saying which are known.
    """
    require(isinstance(cfg, dict), registry.name, 'a config dict with a type', cfg)
    options = dict(cfg)
    kind = options.pop('type', default_type)
    if kind is None:
        raise ValueError(f'the {registry.name} config needs a type, got {shown(cfg)}')
    cls = find(registry, kind) if isinstance(kind, str) else kind
    known = set(inspect.signature(cls).parameters)
    for name, value in options.items():
        if name not in known:
            near = _inside(name, known) or suggestion(name, known)
            raise ValueError(f'{cls.__name__} has no option {name!r}: {near}')
        if name in _NESTED and isinstance(value, dict):
            options[name] = _build(value, *_NESTED[name])
    try:
        return cls(**options)
    except TypeError as error:
        raise ValueError(f'{cls.__name__}: {error}') from error


def _inside(name: str, known: set[str]) -> str | None:
    """A did-you-mean clause where the default type of a nested noun has that option."""
    for noun in sorted(known & _NESTED.keys()):
        registry, kind = _NESTED[noun]
        if kind is not None and name in inspect.signature(find(registry, kind)).parameters:
            return f"did you mean '{noun}.{name}'?"
    return None


def find(registry: Registry, name: str) -> Any:
    """The class registered under ``name`` (``mmrobust.PGD`` or ``PGD``)."""
    name = name.removeprefix('mmrobust.')
    cls = registry.get(name)
    # mmengine takes any module that can be imported for a type.
    if cls is None or inspect.ismodule(cls):
        raise ValueError(
            f'unknown {registry.name} {name!r}: {suggestion(name, registry.module_dict)}'
        )
    return cls


ATTACKS = Registry('attack', build_func=_build, scope='mmrobust', locations=['mmrobust.attacks'])
ESTIMATORS = Registry(
    'gradient estimator',
    build_func=_build,
    scope='mmrobust',
    locations=['mmrobust.estimators'],
)
FLOWS = Registry(
    'flow estimator', build_func=_build, scope='mmrobust', locations=['mmrobust.flow.estimators']
)
# Goals of all persons of a picture, and of poses in space, need what only the victims know.
GOALS = Registry(
    'goal',
    build_func=_build,
    scope='mmrobust',
    locations=['mmrobust.goals', 'mmrobust.victims.bottomup', 'mmrobust.victims.lifting'],
)
SAMPLERS = Registry(
    'noise sampler', build_func=_build, scope='mmrobust', locations=['mmrobust.samplers']
)
THREATS = Registry('threat', build_func=_build, scope='mmrobust', locations=['mmrobust.threats'])
VICTIMS = Registry('victim', build_func=_build, scope='mmrobust', locations=['mmrobust.victims'])

# Options that hold a noun: where to look it up, and what a config without a
# type means, so that `--cfg-options attack.threat.eps=4` is enough.
_NESTED: dict[str, tuple[Registry, str | None]] = {
    'threat': (THREATS, 'Linf'),
    'goal': (GOALS, 'Misclassify'),
    'attack': (ATTACKS, None),
    'inner': (ATTACKS, None),
    'estimator': (ESTIMATORS, None),
    'flow_estimator': (FLOWS, None),
    'backward': (FLOWS, None),
    'motion': (FLOWS, None),
    'sampler': (SAMPLERS, None),
}
