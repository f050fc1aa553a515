"""What two fingerprints differ in, for the one line of a refusal."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mmrobust.functional.naming import from_here

# So many are named, the rest is counted; of a value, so many characters are shown.
NAMED, SHOWN = 3, 40
# A hash of what would be too long to keep: that it is another one is all there is to say.
DIGEST = re.compile(r'[0-9a-f]{16}|[0-9a-f]{64}')
FILES = 'files of '


class _Absent:
    """Stands for a value that one side does not have."""

    def __repr__(self) -> str:
        return 'not there'


ABSENT = _Absent()


def listed_differences(earlier: Mapping[str, Any], present: Mapping[str, Any]) -> str:
    """The first differences and how many there are besides; '' where there are none.

    An option is named by its dotted key, with both values: ``attack.steps: 10, now 3``.

    Args:
        earlier: A fingerprint, as JSON holds it.
        present: Another one.
    """
    found = list(_differences((), earlier, present))
    rest = len(found) - NAMED
    return '; '.join(found[:NAMED]) + (f'; and {rest} more' if rest > 0 else '')


def _differences(place: tuple[str, ...], before: Any, now: Any) -> Iterator[str]:
    if before == now:
        return
    inner = _inner(before, now)
    if inner is None:
        yield _told(place, before, now)
        return
    for key, one, other in inner:
        yield from _differences((*place, key), one, other)


def _inner(before: Any, now: Any) -> list[tuple[str, Any, Any]] | None:
    """What lies below two values by key; None where they are to be named as they are."""
    if isinstance(before, Sequence) and isinstance(now, Sequence):
        texts = isinstance(before, str) or isinstance(now, str)
        if texts or len(before) != len(now):
            return None
        pairs = zip(before, now, strict=True)
        return [(str(number), *pair) for number, pair in enumerate(pairs)]
    if not (isinstance(before, Mapping) and isinstance(now, Mapping)):
        return None
    keys = sorted(before.keys() | now.keys())
    if before.get('type') != now.get('type'):
        # The options of another class differ, too, which says nothing more.
        keys = ['type']
    return [(key, before.get(key, ABSENT), now.get(key, ABSENT)) for key in keys]


def _told(place: tuple[str, ...], before: Any, now: Any) -> str:
    if place[0].startswith(FILES) and len(place) > 1:
        what = 'is new' if before is ABSENT else 'is gone' if now is ABSENT else 'has changed'
        return f'{place[0]}: {_path(place[-1])} {what}'
    name = '.'.join(place)
    if all(isinstance(one, str) and DIGEST.fullmatch(one) for one in (before, now)):
        return name
    return f'{name}: {_short(before)}, now {_short(now)}'


def _path(name: str) -> str:
    """The file of a module, seen from the current folder; a path as it is."""
    file = getattr(sys.modules.get(name), '__file__', None)
    return name if file is None else from_here(file)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f'{text[: SHOWN - 3]}...'
