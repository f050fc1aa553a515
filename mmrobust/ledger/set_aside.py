"""Files that a run needs the names of are given other names, never removed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path


def set_aside(paths: Iterable[Path]) -> None:
    """Rename files, ``report.json`` to ``report.before_20260131_120000_0.json``; says so.

    All get one stamp, under which nothing is there yet. Empty and missing files are left out.

    Args:
        paths: Files or links; a link is renamed itself.
    """
    there = [path for path in paths if os.path.lexists(path) and path.lstat().st_size]
    stamp, number = time.strftime('%Y%m%d_%H%M%S'), 0
    while any(os.path.lexists(_aside(path, stamp, number)) for path in there):
        number += 1
    for path in there:
        path.rename(_aside(path, stamp, number))
    if there:
        more = f' and {len(there) - 1} more' if there[1:] else ''
        print(f'kept from before: {_aside(there[0], stamp, number)}{more}')


def _aside(path: Path, stamp: str, number: int) -> Path:
    return path.with_name(f'{path.stem}.before_{stamp}_{number}{path.suffix}')
