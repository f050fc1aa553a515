"""Names that are imported when they are asked for (PEP 562), found without importing anything.

The files of the package are read as text for classes under
``@REGISTRY.register_module()``: a new file adds its class to the names that its package
offers, and one that is not asked for costs nothing.
"""

import importlib
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent
_CLASS = re.compile(
    r"""^@([A-Z_]+)\.register_module\((?:name=['"](\w+)['"])?\)\n(?:@.*\n)*class\ (\w+)""",
    re.MULTILINE,
)


@cache
def registered() -> dict[str, dict[str, str]]:
    """Name of a registry -> name of a class -> the module that registers it there."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(PACKAGE.rglob('*.py')):
        parts = path.relative_to(PACKAGE.parent).with_suffix('').parts
        module = '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)
        for registry, name, cls in _CLASS.findall(path.read_text(encoding='utf-8')):
            found.setdefault(registry, {})[name or cls] = module
    return found


def offers(
    package: str, *registries: str, more: Mapping[str, str] | None = None
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` of a package that offers what is registered.

    Args:
        package: Its ``__name__``.
        *registries: By name, such as ``ATTACKS``; of their classes those that lie in the
            package.
        more: Name -> module of what is not registered.
    """

    def names() -> dict[str, str]:
        inside = {
            name: module
            for registry in registries
            for name, module in registered().get(registry, {}).items()
            if module.startswith(f'{package}.')
        }
        return inside | dict(more or {})

    def get(name: str) -> Any:
        # Dunder names are asked for by the import system: reading files would be for nothing.
        module = None if name.startswith('__') else names().get(name)
        if module is None:
            raise AttributeError(f'module {package!r} has no attribute {name!r}')
        return getattr(importlib.import_module(module), name)

    def listing() -> list[str]:
        return sorted({*vars(importlib.import_module(package)), *names()})

    return get, listing
