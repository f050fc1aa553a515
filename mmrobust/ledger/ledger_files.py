"""Files of a ledger, and their lines, each of them checked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mmrobust.functional.checks import require, whole

Entry = dict[str, Any]
Check = Callable[[Entry], None]
PART = re.compile(r'results\.([1-9]\d*)\.jsonl')
# Of a damaged line, so much is shown.
SHOWN = 60


def ledger_files(folder: Path) -> list[Path]:
    """``results.jsonl``, there or not, and those of further processes that are there."""
    found = [path for path in folder.glob('results.*.jsonl') if PART.fullmatch(path.name)]
    parts = sorted(found, key=lambda path: int(path.name.split('.')[1]))
    return [folder / 'results.jsonl', *parts]


def read_lines(
    folder: Path, size: int | None = None, check: Check | None = None
) -> Iterator[tuple[str, Entry]]:
    """All whole lines of a folder's ledger.

    Args:
        folder: The work directory.
        size: Indices are below it; None: they may be any.
        check: Raises ValueError for an entry that breaks a rule.

    Yields:
        Where the line stands, and what it holds. A last line without an end, which a
        kill has cut, is left out.

    Raises:
        ValueError: A line is damaged; the message names file, line, rule and value.
    """
    for path in ledger_files(folder):
        if not path.exists():
            continue
        *lines, rest = path.read_bytes().split(b'\n')
        if rest and _parsed(rest) is not None:
            lines.append(rest)
        for number, line in enumerate(lines, 1):
            place = f'{path}, line {number}'
            try:
                yield place, _entry(line, size, check)
            except ValueError as error:
                raise ValueError(
                    f'{place}: {error}; remove the line to attack its sample again'
                ) from error


def _entry(line: bytes, size: int | None, check: Check | None) -> Entry:
    """A line's content, checked."""
    found = _parsed(line)
    shown = line[:SHOWN].decode('utf-8', 'backslashreplace')
    require(isinstance(found, dict), 'it', 'a JSON object in UTF-8', shown)
    assert isinstance(found, dict)
    index = found.get('index')
    rule = 'a whole number, at least 0' + ('' if size is None else f' and below {size}')
    known = isinstance(index, int) and whole(index, 0) and (size is None or index < size)
    require(known, 'index', rule, index)
    if check is not None:
        check(found)
    return found


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line.decode('utf-8'))
    except (ValueError, RecursionError):
        # Brackets in brackets without end are JSON, which no run has written.
        return None
