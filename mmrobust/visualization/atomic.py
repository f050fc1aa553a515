"""Files that appear only when they are complete."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside ``path`` that replaces it if the block succeeds.

    Args:
        path: The final name; missing folders are made. The temporary name has
            the same ending.

    Yields:
        The absolute temporary name; nothing is left of it after an error.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.absolute().with_name(f'.{uuid.uuid4().hex}{path.suffix}')
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
