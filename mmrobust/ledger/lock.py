"""One run at a time in a folder.

The lock is a record lock of the operating system (``fcntl.lockf``): it ends with its
process, however that ends, is not inherited by the workers of a data loader, and holds
between the machines that share a folder over NFS.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Not a POSIX system: no lock is to be had.
    fcntl = None  # type: ignore[assignment]

NAME = '.lock'
# File systems without locks say one of these.
WITHOUT = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
# Lock -> the process that has it, which the system would grant it again, and take it away
# with the inner one. A fork has these notes, but not the locks.
_held: dict[Path, int] = {}


class FolderInUseError(OSError):
    """Another run is at work in the folder."""


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other processes out of ``folder`` while the block runs.

    Within one process the same folder may be entered again.

    Args:
        folder: Made if missing. A file ``.lock`` stays in it.

    Raises:
        FolderInUseError: Another process is in it.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder.resolve() / NAME
    if _held.get(path) == os.getpid() or fcntl is None:
        yield
        return
    file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, 'O_NOFOLLOW', 0), 0o666)
    try:
        _take(file, folder)
        _held[path] = os.getpid()
        yield
    finally:
        _held.pop(path, None)
        os.close(file)


def _take(file: int, folder: Path) -> None:
    """Lock the open file, and write into it who has it."""
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in WITHOUT:
            reason = os.strerror(error.errno)
            print(
                f'warning: {folder} cannot be locked ({reason}); start no second run in it',
                file=sys.stderr,
            )
            return
        holder = os.pread(file, 200, 0).decode('utf-8', 'replace').strip()
        raise FolderInUseError(
            f'another run is at work in {folder} ({holder or "it has just begun"}): '
            'wait for its end, or choose another folder'
        ) from error
    os.ftruncate(file, 0)
    os.pwrite(file, f'process {os.getpid()} on {socket.gethostname()}\n'.encode(), 0)
