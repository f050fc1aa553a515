"""Registries of mmrobust.

mmengine imports this module by name whenever a config says
``type='mmrobust.X'``, and each registry imports the file of a class when its
name is asked for: a config needs no ``custom_imports`` to name anything of this
package, and what is not named is not imported.
"""

import builtins
import importlib
import inspect
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import is_dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any, get_args, get_type_hints

from mmengine.registry import DATASETS as MMENGINE_DATASETS
from mmengine.registry import HOOKS as MMENGINE_HOOKS
from mmengine.registry import LOOPS as MMENGINE_LOOPS
from mmengine.registry import METRICS as MMENGINE_METRICS
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import TRANSFORMS as MMENGINE_TRANSFORMS
from mmengine.registry import Registry

from mmrobust.functional.checks import require, shown, suggestion
from mmrobust.lazy import registered


class LazyRegistry(Registry):
    """A registry that imports a class of this package when its name is asked for.

    Args:
        name: What is registered, for messages.
        index: The registry's own name in this module, as in ``@ATTACKS.register_module()``.
        options: Of mmengine's registry.
    """

    def __init__(self, name: str, index: str, options: dict[str, Any]) -> None:
        super().__init__(name, scope='mmrobust', **options)
        self.index = index

    def get(self, key: str) -> type | None:
        """The class of that name (``PGD`` or ``mmrobust.PGD``); None if there is none."""
        module = registered().get(self.index, {}).get(key.removeprefix('mmrobust.'))
        if module is not None:
            importlib.import_module(module)
        return super().get(key)

    def names(self) -> set[str]:
        """Of all classes: those of the package, and those that others have registered."""
        return {*registered().get(self.index, {}), *self.module_dict}

    def everything(self) -> dict[str, type]:
        """All classes by name, imported."""
        for module in set(registered().get(self.index, {}).values()):
            importlib.import_module(module)
        return dict(sorted(self.module_dict.items()))


def _shared(name: str, index: str, parent: Registry) -> LazyRegistry:
    """A registry whose classes mmengine builds."""
    return LazyRegistry(name, index, {'parent': parent})


def _own(name: str, index: str) -> LazyRegistry:
    """A registry of this project's own nouns."""
    return LazyRegistry(name, index, {'build_func': _build})


DATASETS = _shared('dataset', 'DATASETS', MMENGINE_DATASETS)
HOOKS = _shared('hook', 'HOOKS', MMENGINE_HOOKS)
LOOPS = _shared('loop', 'LOOPS', MMENGINE_LOOPS)
METRICS = _shared('metric', 'METRICS', MMENGINE_METRICS)
MODELS = _shared('model', 'MODELS', MMENGINE_MODELS)
TRANSFORMS = _shared('transform', 'TRANSFORMS', MMENGINE_TRANSFORMS)


def _build(cfg: dict[str, Any], registry: LazyRegistry, default_type: str | None = None) -> Any:
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
    parameters, nested = inspect.signature(cls).parameters, nouns_of(cls)
    known = set(parameters)
    # A constructor of the user's own may hand on what it does not name.
    anything = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
    for name, value in options.items():
        if name not in known and not anything:
            near = _inside(name, nested) or suggestion(name, known)
            raise ValueError(f'{cls.__name__} has no option {name!r}: {near}')
        if name in nested:
            options[name] = _built(value, *nested[name])
    try:
        return cls(**options)
    except TypeError as error:
        raise ValueError(f'{cls.__name__}: {error}') from error


def build_nouns(owner: Any) -> None:
    """Build those options of an object that are still configs, as a registry would have."""
    cls: Any = type(owner)
    for name, (registry, kind) in nouns_of(cls).items():
        value = getattr(owner, name, None)
        if isinstance(value, dict | list | tuple):
            setattr(owner, name, _built(value, registry, kind))


def _built(value: Any, registry: LazyRegistry, default_type: str | None) -> Any:
    """An option that holds a noun, or a list of such, with what is a config built."""
    if isinstance(value, list | tuple):
        return [_built(one, registry, default_type) for one in value]
    return _build(value, registry, default_type) if isinstance(value, dict) else value


@cache
def nouns_of(cls: Any) -> dict[str, tuple[LazyRegistry, str | None]]:
    """Options of a class that hold a noun: registry and default type.

    They are known by their annotations; ``threat`` and ``goal`` by their names, where they have
    none that can be resolved.
    """
    hints = _hints(cls)
    found: dict[str, tuple[LazyRegistry, str | None]] = {}
    for name, hint in hints.items():
        for part in get_args(hint) or (hint,):
            lineage = getattr(part, '__mro__', ())
            origins = [f'{base.__module__}.{base.__qualname__}' for base in lineage]
            found.update((name, _NOUNS[origin]) for origin in origins if origin in _NOUNS)
    unknown = inspect.signature(cls).parameters.keys() - hints.keys()
    return found | {name: _NOUNS[origin] for name, origin in _BY_NAME.items() if name in unknown}


def _hints(cls: Any) -> dict[str, Any]:
    """Annotations of the options of a class, but of those that cannot be resolved."""
    # A dataclass that is derived from may have a constructor of its own.
    constructor = inspect.getattr_static(cls, '__init__')
    found: dict[str, Any] = {}
    for place in (cls, constructor) if is_dataclass(cls) else (constructor,):
        try:
            found |= get_type_hints(place)
        except _UNRESOLVED:
            found |= _one_by_one(place)
    return found


def _one_by_one(place: Any) -> dict[str, Any]:
    """What can be resolved where a name is imported for type checkers alone."""
    found: dict[str, Any] = {}
    for one in reversed(place.__mro__) if isinstance(place, type) else (place,):
        names = vars(sys.modules.get(one.__module__, builtins))
        for name, hint in inspect.get_annotations(one).items():
            with suppress(*_UNRESOLVED):
                found |= get_type_hints(SimpleNamespace(__annotations__={name: hint}), names)
    return found


def _inside(name: str, nested: Mapping[str, tuple[LazyRegistry, str | None]]) -> str | None:
    """A did-you-mean clause where the default type of a nested noun has that option."""
    for noun, (registry, kind) in sorted(nested.items()):
        if kind is not None and name in inspect.signature(find(registry, kind)).parameters:
            return f"did you mean '{noun}.{name}'?"
    return None


def find(registry: LazyRegistry, name: str) -> Any:
    """The class registered under ``name`` (``mmrobust.PGD`` or ``PGD``)."""
    name = name.removeprefix('mmrobust.')
    # mmengine looks for a module of an empty name.
    cls = registry.get(name) if name.strip('.') else None
    # mmengine takes any module that can be imported for a type.
    if cls is None or inspect.ismodule(cls):
        raise ValueError(f'unknown {registry.name} {name!r}: {suggestion(name, registry.names())}')
    return cls


ATTACKS = _own('attack', 'ATTACKS')
CORRUPTIONS = _own('corruption', 'CORRUPTIONS')
CUES = _own('cue', 'CUES')
ESTIMATORS = _own('gradient estimator', 'ESTIMATORS')
EXPLANATIONS = _own('explanation', 'EXPLANATIONS')
FLOWS = _own('flow estimator', 'FLOWS')
GOALS = _own('goal', 'GOALS')
INPUT_TRANSFORMS = _own('input transform', 'INPUT_TRANSFORMS')
PREVIEWS = _own('kind of preview', 'PREVIEWS')
RUNTIMES = _own('runtime of deployed networks', 'RUNTIMES')
SAMPLERS = _own('noise sampler', 'SAMPLERS')
SAVED_FILES = _own('kind of saved file', 'SAVED_FILES')
THREATS = _own('threat', 'THREATS')
TRACK_CORRUPTIONS = _own('corruption of tracks', 'TRACK_CORRUPTIONS')
TWINS = _own('twin of a transform', 'TWINS')
VICTIMS = _own('victim', 'VICTIMS')

# An option whose annotation names one of these classes, or a class of theirs, holds a noun:
# where it is looked up, and what a config without a type means, so that
# `--cfg-options attack.threat.eps=4` is enough.
_NOUNS: dict[str, tuple[LazyRegistry, str | None]] = {
    'mmrobust.attacks.base.Attack': (ATTACKS, None),
    'mmrobust.corruptions.base.Corruption': (CORRUPTIONS, None),
    'mmrobust.estimators.base.GradientEstimator': (ESTIMATORS, None),
    'mmrobust.explanations.base.Explanation': (EXPLANATIONS, None),
    'mmrobust.flow.estimator.FlowEstimator': (FLOWS, None),
    'mmrobust.goals.base.Goal': (GOALS, 'Misclassify'),
    'mmrobust.input_transforms.base.InputTransform': (INPUT_TRANSFORMS, None),
    'mmrobust.samplers.base.NoiseSampler': (SAMPLERS, None),
    'mmrobust.threats.base.Threat': (THREATS, 'Linf'),
}
# Options that are nouns by their names, where a class of the user's has no type hints.
_BY_NAME = {'threat': 'mmrobust.threats.base.Threat', 'goal': 'mmrobust.goals.base.Goal'}
# What annotations raise that are no types, or speak of names that are not there.
_UNRESOLVED = (AttributeError, NameError, SyntaxError, TypeError)
