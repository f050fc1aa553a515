"""Pages that follow the code: one per registered attack, one per package.

Nothing here has to be touched for a new attack, threat, goal or module. The
pages are written before Sphinx looks for its sources, and are not tracked.
"""

import importlib
import inspect
import pkgutil
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[1]
ROOT = DOCS.parent
# Documented on pages of their own, which include _generated/{name}.md.
NOUNS = ('threats', 'goals', 'samplers', 'input_transforms', 'corruptions')


def attack_classes() -> dict[str, type]:
    """Every registered attack by name."""
    from mmrobust.registry import ATTACKS

    found = ATTACKS.everything().items()
    return {name: cls for name, cls in sorted(found) if cls.__module__.startswith('mmrobust.')}


def attack_page(name: str, cls: type) -> str:
    """The page of one attack: its docstring, its defaults, its configs."""
    module = inspect.getmodule(cls)
    source = (module.__doc__ or '').strip()
    parts = [
        f'# {name}',
        source,
        _rst(f'.. autoclass:: {cls.__module__}.{cls.__name__}\n   :show-inheritance:'),
        '## Run it',
        f'```bash\npython tools/attack.py CONFIG CHECKPOINT --attack {name}\n```',
        'In a config, with every default written out:',
        f'```python\n{default_config(cls)}\n```',
    ]
    configs = configs_of(name)
    if configs:
        parts += ['## Configs', 'For `--attack`:']
        parts += [f'`{path}`\n\n```python\n{text}\n```' for path, text in configs.items()]
    return '\n\n'.join(parts) + '\n'


def default_config(cls: Any) -> str:
    """The attack as a config would give it, all defaults written out."""
    parameters = inspect.signature(cls).parameters.values()
    required = any(parameter.default is parameter.empty for parameter in parameters)
    options = cls(**(cls.example if required else {})).describe()
    lines = [f'    {name}={_literal(value)},' for name, value in options.items()]
    return '\n'.join(['attack = dict(', *lines, ')'])


def configs_of(name: str) -> dict[str, str]:
    """Path -> content of the attack configs of this type."""
    from mmengine.config import Config

    found = {}
    for path in sorted((ROOT / 'configs' / '_base_' / 'attacks').glob('*.py')):
        if Config.fromfile(path).attack.type.removeprefix('mmrobust.') == name:
            found[str(path.relative_to(ROOT))] = path.read_text(encoding='utf-8').strip()
    return found


def modules_of(package: str) -> list[str]:
    """The package's public modules, itself first, without subpackages."""
    found = [package]
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        if not module.ispkg and not module.name.startswith('_'):
            found.append(f'{package}.{module.name}')
    return found


def guests(noun: str) -> list[str]:
    """Modules outside of a noun's package that register classes of it."""
    registry = importlib.import_module('mmrobust.registry')
    importlib.import_module('mmrobust.victims')
    found = {cls.__module__ for cls in getattr(registry, noun.upper()).everything().values()}
    return sorted(m for m in found if m.startswith('mmrobust.') and f'.{noun}.' not in m)


def packages() -> list[str]:
    """The public packages of mmrobust, without the top."""
    import mmrobust

    walked = pkgutil.walk_packages(mmrobust.__path__, 'mmrobust.')
    names = [module.name for module in walked if module.ispkg]
    return sorted(name for name in names if '._' not in name)


def automodules(modules: list[str]) -> str:
    """Autodoc of modules; packages without what they re-export."""
    attacks = {cls.__module__: cls for cls in attack_classes().values()}
    parts = []
    for name in modules:
        is_package = hasattr(importlib.import_module(name), '__path__')
        members = '' if is_package or name in attacks else '\n   :members:\n   :show-inheritance:'
        if not is_package:
            parts.append(f'## {name}')
        parts.append(_rst(f'.. automodule:: {name}{members}'))
        if name in attacks:
            pages = [page for page, cls in attack_classes().items() if cls.__module__ == name]
            parts += [f'See [{page}](../attacks/{page}.md).' for page in pages]
    return '\n\n'.join(parts) + '\n'


def pages() -> dict[str, str]:
    """Path below ``docs`` -> content of every generated page."""
    found = {f'attacks/{name}.md': attack_page(name, c) for name, c in attack_classes().items()}
    for noun in NOUNS:
        base = f'mmrobust.{noun}.base'
        own = [name for name in modules_of(f'mmrobust.{noun}')[1:] if name != base]
        found[f'_generated/{noun}.md'] = automodules([*own, *guests(noun), base])
    top = [f'mmrobust.{name}' for name in ('api', 'lazy', 'processes', 'registry')]
    found['api/mmrobust.md'] = '# mmrobust\n\n' + automodules(['mmrobust', *top])
    elsewhere = {module for noun in NOUNS for module in guests(noun)}
    for package in packages():
        modules = [module for module in modules_of(package) if module not in elsewhere]
        if package.removeprefix('mmrobust.') in NOUNS:
            page = package.removeprefix('mmrobust.')
            text = automodules(modules[:1]) + f'\nSee [its page](../{page}.md).\n'
        else:
            text = automodules(modules)
        found[f'api/{package}.md'] = f'# {package}\n\n{text}'
    return found


def write(app: Any = None) -> None:
    """Write all pages; files that need no change keep their time."""
    wanted = pages()
    for folder in ('attacks', 'api', '_generated'):
        for path in (DOCS / folder).glob('*.md'):
            if str(path.relative_to(DOCS)) not in wanted:
                path.unlink()
    for name, text in wanted.items():
        path = DOCS / name
        path.parent.mkdir(exist_ok=True)
        if not path.exists() or path.read_text(encoding='utf-8') != text:
            path.write_text(text, encoding='utf-8')


def setup(app: Any) -> dict[str, bool]:
    """Sphinx entry point."""
    app.setup_extension('sphinx.ext.autodoc')
    app.connect('builder-inited', write)
    # After napoleon, which reads the sections.
    app.connect('autodoc-process-docstring', escape_bars, priority=600)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}


def _literal(value: Any) -> str:
    if not isinstance(value, dict):
        return repr(value)
    inside = ', '.join(f'{name}={_literal(item)}' for name, item in value.items())
    return f'dict({inside})'


def escape_bars(app: Any, kind: str, name: str, of: Any, options: Any, lines: list[str]) -> None:
    """``|x|`` in a docstring is an absolute value, not a substitution."""
    for number, line in enumerate(lines):
        if not line.lstrip().startswith(('>>>', '...')):
            # Even parts lie outside literals.
            parts = line.split('``')
            parts[::2] = [part.replace('|', '\\|') for part in parts[::2]]
            lines[number] = '``'.join(parts)


def _rst(text: str) -> str:
    return f'```{{eval-rst}}\n{text}\n```'
