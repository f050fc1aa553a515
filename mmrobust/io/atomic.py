"""Files that appear only when they are complete."""

import os
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

TEMPORARY = re.compile(r'\.(.+)\.[0-9a-f]{32}(\.[^.]+)?')
# Some file systems take names of 255 bytes.
LONGEST_STEM = 100


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside ``path`` that replaces it if the block succeeds.

    Args:
        path: The final name; missing folders are made. A link of that name is
            replaced itself. The temporary name is hidden and has the same ending.

    Yields:
        The absolute temporary name; nothing is left of it after an error.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    name = f'.{path.stem[:LONGEST_STEM]}.{uuid.uuid4().hex}{path.suffix}'
    temporary = path.absolute().with_name(name)
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_leftovers(folder: Path, wanted: Callable[[str], bool]) -> None:
    """Remove what ``replacing`` has left in a folder where its process was killed.

    Args:
        folder: Where nobody else writes now; it may be missing.
        wanted: Whether the file of that final name is one of the caller's.
    """
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        found = TEMPORARY.fullmatch(path.name)
        if found and wanted(found[1] + (found[2] or '')):
            path.unlink()
