"""Two finders on ``sys.meta_path``: stand-ins for missing modules, hooks after imports.

The stand-ins come last, so that a module which exists always wins; the hooks
come first and only wrap the loader of the modules they were asked to follow.
Nothing is imported by either of them; not even importlib.abc, which takes longer
than all the rest.
"""

import os.path
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from importlib.abc import Loader

Action = Callable[[ModuleType], None]


class _StandInLoader:
    """Builds an empty module and lets ``fill`` furnish it."""

    def __init__(self, fill: Action) -> None:
        self.fill = fill

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        self.fill(module)


class _StandIns:
    """Offers a module that no other finder has found."""

    def __init__(self) -> None:
        self.known: dict[str, tuple[Action, bool]] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self.known:
            return None
        fill, is_package = self.known[fullname]
        loader = cast('Loader', _StandInLoader(fill))
        return ModuleSpec(fullname, loader, is_package=is_package)


class _HookedLoader:
    """The module's own loader, followed by the actions of one name."""

    def __init__(self, loader: 'Loader', actions: list[Action]) -> None:
        self.loader = loader
        self.actions = actions

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self.loader
        if module.__spec__ is not None:
            module.__spec__.loader = self.loader
        self.loader.exec_module(module)
        for action in self.actions:
            action(module)


class _Hooks:
    """Wraps the loader of the modules that an action waits for."""

    def __init__(self) -> None:
        self.waiting: dict[str, list[Action]] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self.waiting:
            return None
        spec = _find_elsewhere(fullname, path)
        if spec is not None and spec.loader is not None:
            spec.loader = cast('Loader', _HookedLoader(spec.loader, self.waiting[fullname]))
        return spec


_STAND_INS = _StandIns()
_HOOKS = _Hooks()


def install() -> None:
    """Put both finders in place; harmless when they are there already."""
    if _HOOKS not in sys.meta_path:
        sys.meta_path.insert(0, _HOOKS)
    if _STAND_INS not in sys.meta_path:
        sys.meta_path.append(_STAND_INS)


def stand_in(fullname: str, fill: Action, *, is_package: bool = False) -> None:
    """Offer a module of this name, furnished by ``fill``, should it be missing."""
    _STAND_INS.known.setdefault(fullname, (fill, is_package))


def when_imported(fullname: str, action: Action) -> None:
    """Run ``action`` on a module after its import: now, if it is imported already."""
    actions = _HOOKS.waiting.setdefault(fullname, [])
    if action in actions:
        return
    actions.append(action)
    if fullname in sys.modules:
        action(sys.modules[fullname])


def find_real(fullname: str) -> ModuleSpec | None:
    """Spec of a module, stand-ins left out; its parents are not imported.

    Args:
        fullname: Dotted name, for example ``mmcv._ext``.

    Returns:
        The spec, or None when the module or one of its parents is missing.
    """
    parts = fullname.split('.')
    spec = _find_elsewhere(parts[0], None)
    for depth in range(1, len(parts)):
        if spec is None or spec.submodule_search_locations is None:
            return None
        name, folders = '.'.join(parts[: depth + 1]), list(spec.submodule_search_locations)
        try:
            spec = _find_elsewhere(name, folders)
        except KeyError:
            # A namespace package, whose search asks for its parent in sys.modules.
            spec = ModuleSpec(name, None, is_package=True)
            spec.submodule_search_locations = [os.path.join(each, parts[depth]) for each in folders]
    return spec


def _find_elsewhere(fullname: str, path: Sequence[str] | None) -> ModuleSpec | None:
    for finder in sys.meta_path:
        if finder is _HOOKS or finder is _STAND_INS or not hasattr(finder, 'find_spec'):
            continue
        spec = finder.find_spec(fullname, path, None)
        if spec is not None:
            return spec
    return None
