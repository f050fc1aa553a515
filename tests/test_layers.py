"""Imports run downwards, and no files import each other in a circle."""

import ast
from functools import cache
from pathlib import Path

from tests.conftest import ROOT

PACKAGE = ROOT / 'mmrobust'
# From the top; what stands on one line does not matter to one another.
FLOORS = (
    {'__main__', 'api'},
    {'cli'},
    {'studies'},
    {'transfer'},
    {'engine'},
    {'ledger'},
    {'visualization'},
    {'attacks', 'explanations'},
    {'samplers', 'evaluation'},
    {'query'},
    {'chain'},
    {'flow'},
    {'victims'},
    {'pose_targets', 'estimators', 'input_transforms'},
    {'datasets'},
    {'goals', 'threats', 'corruptions'},
    {'io'},
    {'registry'},
    {'__init__'},
    {'compat'},
    {'functional'},
    {'lazy', 'processes', 'version'},
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


@cache
def imports() -> dict[str, set[str]]:
    """Module -> the modules of the package that it imports, inside functions too."""
    paths = {module_of(path): path for path in PACKAGE.rglob('*.py') if '.mim' not in path.parts}
    found: dict[str, set[str]] = {}
    for module, path in paths.items():
        found[module] = set()
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                inner = [f'{node.module}.{alias.name}' for alias in node.names]
                names = [name if name in paths else node.module for name in inner]
            found[module] |= {name for name in names if name in paths} - {module}
    return found


# What a kind of victim draws and saves stands in its own folder, on the floor of what uses it.
OF_THE_ENGINE = ('previews', 'video_files', 'image_files', 'track_files')


def room(module: str) -> str:
    parts = module.split('.')
    if parts[-1] in OF_THE_ENGINE:
        return 'engine'
    return parts[1] if len(parts) > 1 else '__init__'


def test_every_room_has_a_floor():
    rooms = {room(module) for module in imports()} - {'resources'}
    assert rooms == set(FLOOR)


def test_imports_run_downwards():
    up = [
        (module, other)
        for module, others in imports().items()
        for other in others
        if room(module) != room(other) and FLOOR[room(module)] >= FLOOR[room(other)]
    ]
    assert up == []


def test_no_files_import_each_other_in_a_circle():
    graph = imports()
    # A package stands for what it exports: its own file, not those below it.
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, ' -> '.join([*path[path.index(module) :], module])
        if module not in done:
            for other in sorted(graph[module]):
                visit(other, (*path, module))
            done.add(module)

    for module in sorted(graph):
        visit(module, ())


def test_the_checks_see_what_they_forbid():
    graph = imports()
    assert (
        'mmrobust.attacks.base'
        in graph['mmrobust.attacks.pgd'] | graph['mmrobust.attacks.gradient_loop']
    )
    assert len(graph) > 250
    assert FLOOR['attacks'] < FLOOR['victims'] < FLOOR['goals'] < FLOOR['functional']
