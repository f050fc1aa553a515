"""Names of samples for pages: without the folder that all of them lie in."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any


def common_folder(names: Iterable[object]) -> str:
    """The deepest folder that holds every file named by an absolute path; '' without any."""
    paths = [PurePath(str(name)) for name in names]
    parents = [str(path.parent) for path in paths if path.is_absolute()]
    return os.path.commonpath(parents) if parents else ''


def inside(folder: str, name: str) -> str:
    """A file's name as seen from ``folder``; another name as it is."""
    path = PurePath(name)
    return str(path.relative_to(folder)) if folder and path.is_relative_to(folder) else name


def without_folder(folder: str, entries: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Lines of samples with their ``name`` as seen from ``folder``, where they have one."""
    return [
        {**entry, 'name': inside(folder, entry['name'])}
        if isinstance(entry.get('name'), str)
        else entry
        for entry in entries
    ]
