"""Config files: read, with the modules beside them, and their mistakes named by file and line."""

from __future__ import annotations

import ast
import importlib.util
import json
import sys
import traceback
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

from mmrobust.functional.checks import require

SUFFIXES = ('.py', '.json', '.yml', '.yaml')
# Folders of config files, at the end of ``sys.path``.
_neighbours: list[str] = []


def check_file(path: str | Path, name: str) -> None:
    """Raise OSError unless ``path`` is a file; ``name`` says what it is to be."""
    if Path(path).is_dir():
        raise IsADirectoryError(f'{name} {path} is a folder: it must be a file')
    if not Path(path).is_file():
        raise FileNotFoundError(f'{name} {path} does not exist{searched(path)}')


def check_suffix(path: str | Path, name: str, hint: str = '') -> None:
    """Raise ValueError unless ``path`` is a config by its ending; ``hint`` ends the message."""
    if not str(path).endswith(SUFFIXES):
        raise ValueError(f'{name} must be a config ({" ".join(SUFFIXES)}), got {path}{hint}')


@cache
def shipped(folder: str) -> dict[str, Path]:
    """The configs of ``configs/_base_/FOLDER`` by name; none where the package came without."""
    package = Path(__file__).resolve().parents[1]
    for root in (package / '.mim', package.parent):
        files = sorted((root / 'configs' / '_base_' / folder).glob('*.py'))
        if files:
            return {path.stem: path for path in files}
    return {}


def searched(path: str | Path) -> str:
    """Where a relative path was looked for; '' for an absolute one."""
    return '' if Path(path).is_absolute() else f' (looked for in the current folder, {Path.cwd()})'


def read_config(path: str | Path, name: str) -> Any:
    """The config in a file, as mmengine reads it.

    Modules that lie beside the file are found, by its ``custom_imports`` and by ``import``.

    Args:
        path: Of the file.
        name: What it is, for messages: ``CONFIG``, ``--attack``.

    Raises:
        OSError: There is no such file.
        ValueError: It cannot be read; the message names the file, and the line where known.
    """
    from mmengine.config import Config

    check_file(path, name)
    check_suffix(path, name)
    find_modules_in(Path(path).parent)
    try:
        if Path(path).suffix == '.json':
            content = json.loads(Path(path).read_text(encoding='utf-8'))
            require(isinstance(content, dict), 'its content', 'a dict of options', content)
        found = Config.fromfile(str(path))
        _import_neighbours(Path(path))
    except Exception as error:
        raise ValueError(f'{name} {_located(error, Path(path))}') from error
    return found


def find_modules_in(folder: Path) -> None:
    """Let modules in ``folder`` be imported, unless installed ones have their names.

    Those of the last folder come before those of earlier ones.
    """
    place = str(folder.resolve())
    if place in sys.path and place not in _neighbours:
        return
    _neighbours[:] = [place, *(other for other in _neighbours if other != place)]
    sys.path[:] = [other for other in sys.path if other not in _neighbours] + _neighbours


def with_bases(path: Path) -> Iterator[Path]:
    """The Python file, and those that it names as its ``_base_``, where they are paths."""
    if path.suffix != '.py' or not path.is_file():
        return
    yield path
    for node in ast.parse(path.read_text(encoding='utf-8')).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if isinstance(node, ast.Assign) and isinstance(target, ast.Name) and target.id == '_base_':
            try:
                bases = ast.literal_eval(node.value)
            except ValueError:
                # What has to be computed, mmengine alone knows.
                continue
            for base in [bases] if isinstance(bases, str) else bases:
                yield from with_bases(path.parent / base)


def _import_neighbours(path: Path) -> None:
    """Import the modules beside a config that it imports: mmengine only notes their names.

    Raises:
        ImportError: A module is neither installed nor beside the config.
    """
    for node in ast.parse(path.read_text(encoding='utf-8')).body if path.suffix == '.py' else ():
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        for name in names:
            top = path.parent / name.split('.')[0]
            if top.with_suffix('.py').is_file() or (top / '__init__.py').is_file():
                importlib.import_module(name)
            elif importlib.util.find_spec(top.name) is None:
                raise ImportError(
                    f'line {node.lineno}: no module named {name!r}, installed or here'
                )


def _located(error: Exception, path: Path) -> str:
    """File, line and what is wrong."""
    if isinstance(error, SyntaxError):
        for file in with_bases(path):
            try:
                ast.parse(file.read_text(encoding='utf-8'))
            except SyntaxError as found:
                return f'{file}, line {found.lineno}: {found.msg}'
    line = _line_of(error.__traceback__, path)
    if defined := _class_at(path, line):
        # mmengine makes a stand-in of every import, which is no class and raises nothing to read.
        return (
            f'{path}, line {line}: a config file cannot define classes: put {defined} into a '
            'module beside it and import it from there (docs/writing_an_attack.md)'
        )
    cause: BaseException = error
    while isinstance(inner := cause.__cause__ or cause.__context__, ImportError):
        # mmengine's own words are a list of all folders that were searched.
        cause = inner
    text = str(cause) or type(cause).__name__
    if (own := getattr(cause, 'path', None)) and text.startswith(str(own)):
        # It names its file itself, which may be a base of this one.
        return text
    known = isinstance(cause, ValueError | OSError | ImportError)
    place = f', line {line}' if line else ''
    return f'{path}{place}: {text if known else f"{type(cause).__name__}: {text}"}'


def _line_of(trace: TracebackType | None, path: Path) -> int | None:
    """The last line of the file that was running; None where none was."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(trace)
        if frame.filename and Path(frame.filename).resolve() == path.resolve()
    ]
    return lines[-1] if lines else None


def _class_at(path: Path, line: int | None) -> str | None:
    """The class, or function, whose definition the line of a Python file is a part of."""
    for node in ast.parse(path.read_text(encoding='utf-8')).body if line else ():
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            first = min(part.lineno for part in (node, *node.decorator_list))
            if first <= (line or 0) <= (node.end_lineno or node.lineno):
                return node.name
    return None
