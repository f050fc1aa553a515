"""Where heals hold that change what OpenMMLab does, and not only let it run.

Their code is in place from the import of mmrobust on, and inert: each function that one of them
replaces is that of OpenMMLab wherever :func:`holds` says no.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# Set while the heals hold, for worker processes that are spawned: they import mmrobust anew.
VARIABLE = 'MMROBUST_HEAL'
_inside = 0
_asked = False
_before: str | None = None
_counting = threading.Lock()


def holds() -> bool:
    """Whether the heals that change behaviour hold now."""
    return _asked or _inside > 0


@contextmanager
def healed() -> Iterator[None]:
    """Inside, in all threads and in processes that are started there, every heal holds.

    Also a decorator of functions.
    """
    _count(1)
    try:
        yield
    finally:
        _count(-1)


def _count(change: int) -> None:
    """One block more or less; the outermost minds the environment."""
    global _inside, _before
    with _counting:
        if _inside == 0:
            _before = os.environ.get(VARIABLE)
            os.environ[VARIABLE] = '1'
        _inside += change
        if _inside == 0 and _before is None and not _asked:
            os.environ.pop(VARIABLE, None)


def ask() -> None:
    """Let them hold for the rest of the process, and in those it starts."""
    global _asked
    _asked = True
    os.environ[VARIABLE] = '1'


def within(stock: Callable[..., Any], own: Callable[..., Any]) -> Callable[..., Any]:
    """``own`` where the heals hold, elsewhere ``stock``, which it replaces."""

    @functools.wraps(stock, updated=())
    def either(*args: Any, **kwargs: Any) -> Any:
        return (own if holds() else stock)(*args, **kwargs)

    return either
