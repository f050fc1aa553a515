"""``--cfg-options key=value ...``: what they mean, much as mmengine reads them."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmrobust.functional.checks import require, shown
from mmrobust.io.configs import find_modules_in, read_config

OPENING, CLOSING = '([{', ')]}'
WORDS = {'true': True, 'false': False}


def parse_options(options: Sequence[str] | Mapping[str, Any]) -> dict[str, Any]:
    """Key -> value; numbers, lists, dicts and booleans as such.

    As mmengine's DictAction, but blanks inside a value are kept (a path may have some), and
    ``dict(type=L2, eps=3)`` or ``{'type': 'L2'}`` is a dict.

    Args:
        options: Words of a command line, or keys with their values.

    Raises:
        ValueError: An option has no ``=``, or brackets that do not match.
    """
    if isinstance(options, Mapping):
        return dict(options)
    found = {}
    for option in options:
        key, separator, value = option.partition('=')
        if not separator or not key:
            raise ValueError(f'--cfg-options must be KEY=VALUE, got {option!r}')
        try:
            found[key] = _value(value)
        except ValueError as error:
            raise ValueError(f'--cfg-options {key}: {error}') from error
    return found


def import_named(options: Mapping[str, Any]) -> None:
    """Import the modules that the option ``custom_imports`` names, as a config's own would be.

    They are looked for in the current folder, too, where the command was typed.

    Raises:
        ValueError: There is no such module, or it cannot be imported.
    """
    whole = options.get('custom_imports') or {}
    require(isinstance(whole, Mapping), 'custom_imports', 'a dict of options', whole)
    names = options.get('custom_imports.imports', whole.get('imports', []))
    for name in [names] if isinstance(names, str) else names:
        find_modules_in(Path.cwd())
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise ValueError(f'--cfg-options custom_imports: {error}') from error


def overridden(path: str, name: str, options: Sequence[str]) -> Any:
    """The config in a file, called ``name`` in messages, with the command line's options."""
    overrides = parse_options(options)
    config = read_config(path, name)
    import_named(overrides)
    config.merge_from_dict(overrides)
    return config


def _value(text: str) -> Any:
    text = text.strip()
    if text.startswith(('dict(', '{')):
        return _dict(text)
    text = text.strip('\'"')
    if text.startswith('(') and text.endswith(')'):
        return tuple(map(_value, _parts(text[1:-1])))
    if text.startswith('[') and text.endswith(']'):
        return list(map(_value, _parts(text[1:-1])))
    parts = _parts(text)
    return _scalar(text) if parts in ([], [text]) else list(map(_value, parts))


def _parts(text: str) -> list[str]:
    """What stands between the commas outside all brackets, but nothing behind the last comma."""
    found, depth, start = [], 0, 0
    for place, character in enumerate(text):
        depth += (character in OPENING) - (character in CLOSING)
        if depth < 0:
            break
        if character == ',' and not depth:
            found.append(text[start:place])
            start = place + 1
    if depth:
        raise ValueError(f'brackets must match, got {shown(text)}')
    return [*found, text[start:]] if text[start:].strip() else found


def _scalar(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None if text == 'None' else WORDS.get(text.lower(), text)


def _dict(text: str) -> Any:
    """``dict(...)`` or ``{...}``, in which a bare word is text: shells take quotes away."""
    try:
        return _literal(ast.parse(text, mode='eval').body)
    except (SyntaxError, ValueError) as error:
        raise ValueError(
            f'a dict must be dict(key=value, ...) of plain values, got {shown(text)}'
        ) from error


def _literal(node: ast.expr) -> Any:
    """The value of plain Python; ValueError for anything that would have to be run."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == 'dict':
        if node.args or any(keyword.arg is None for keyword in node.keywords):
            raise ValueError('dict takes keywords')
        return {str(keyword.arg): _literal(keyword.value) for keyword in node.keywords}
    if isinstance(node, ast.Dict):
        keys = [_literal(key) for key in node.keys if key is not None]
        return dict(zip(keys, map(_literal, node.values), strict=True))
    if isinstance(node, ast.List | ast.Tuple):
        values = map(_literal, node.elts)
        return list(values) if isinstance(node, ast.List) else tuple(values)
    if isinstance(node, ast.Name):
        return _scalar(node.id)
    return ast.literal_eval(node)
