"""Source files that a user has written: of classes outside of this package, and beside them."""

from __future__ import annotations

import inspect
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

# What has a version instead, in the fingerprint or in the report.
VERSIONED = {'mmrobust', 'torch', 'numpy', 'mmengine', *sys.stdlib_module_names}


def own_sources(*things: Any) -> dict[str, Path]:
    """Files by module that decide what some objects do, and that no version stands for.

    Those of their classes and base classes, of what they hold that describes itself (an
    attack's threat, goal, sampler, estimator), of functions among their options; and modules
    in the same folder whose content those files use. By module and not by path: a copy in
    another folder is the same code.

    Args:
        things: Such as an attack.
    """
    found: dict[str, Path] = {}
    left = [module for thing in _held(things) for module in _modules_of(thing)]
    while left:
        module = left.pop()
        path = _file(module)
        if module.__name__ in found or path is None:
            continue
        found[module.__name__] = path
        if not _is_installed(path):
            left += (other for other in _used_by(module) if _is_beside(other, path))
    return dict(sorted(found.items()))


def _held(things: Iterable[Any]) -> Iterator[Any]:
    """The things, and what is inside them."""
    left, seen = list(things), set()
    while left:
        thing = left.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        yield thing
        for one in getattr(thing, '__dict__', {}).values():
            several = one if isinstance(one, list | tuple) else (one,)
            left += (each for each in several if hasattr(each, 'describe') or _is_code(each))


def _is_code(thing: Any) -> bool:
    return inspect.isfunction(thing) or isinstance(thing, nn.Module)


def _modules_of(thing: Any) -> Iterator[ModuleType]:
    """Modules of a function, or of a class and its base classes, that no version stands for."""
    lineage = [thing] if inspect.isfunction(thing) else type(thing).__mro__
    for one in lineage:
        name = getattr(one, '__module__', None) or ''
        if name.split('.')[0] not in VERSIONED and name in sys.modules:
            yield sys.modules[name]


def _used_by(module: ModuleType) -> Iterator[ModuleType]:
    """Modules that a module's names come from."""
    for value in list(vars(module).values()):
        name = value.__name__ if inspect.ismodule(value) else getattr(value, '__module__', None)
        other = sys.modules.get(name) if isinstance(name, str) else None
        if other is not None:
            yield other


def _file(module: ModuleType) -> Path | None:
    path = getattr(module, '__file__', None)
    return Path(path) if path and Path(path).is_file() else None


def _is_installed(path: Path) -> bool:
    places = (sysconfig.get_path('purelib'), sysconfig.get_path('platlib'))
    return any(path.is_relative_to(place) for place in places)


def _is_beside(module: ModuleType, path: Path) -> bool:
    file = _file(module)
    return file is not None and file.parent == path.parent
