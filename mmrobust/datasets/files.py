"""The videos or pictures that file names, folders and patterns lead to."""

from __future__ import annotations

import glob
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mmrobust.functional.checks import require, shown
from mmrobust.functional.naming import natural

VIDEOS = frozenset(
    [
        '.3gp',
        '.avi',
        '.flv',
        '.m2ts',
        '.m4v',
        '.mkv',
        '.mov',
        '.mp4',
        '.mpeg',
        '.mpg',
        '.mts',
        '.ogv',
        '.ts',
        '.vob',
        '.webm',
        '.wmv',
    ]
)
PICTURES = frozenset(
    [
        '.bmp',
        '.dib',
        '.jfif',
        '.jp2',
        '.jpe',
        '.jpeg',
        '.jpg',
        '.pbm',
        '.pgm',
        '.png',
        '.pnm',
        '.ppm',
        '.tif',
        '.tiff',
        '.webp',
    ]
)


@dataclass(frozen=True)
class Files:
    """What was found.

    Attributes:
        folder: The deepest folder that holds all files.
        names: Of the files, relative to it; each once, in natural order (2 before 10), or as
            they were asked for.
        others: Files that were found and have another ending, or are hidden; likewise.
        again: Links to files that are among ``names``; likewise.
    """

    folder: str
    names: tuple[str, ...]
    others: tuple[str, ...]
    again: tuple[str, ...] = ()

    def path(self, name: str) -> str:
        """Where a file lies."""
        return os.path.join(self.folder, name)

    def about(self) -> dict[str, Any]:
        """What a run's report says of the files."""
        return {
            'folder': self.folder,
            'files': len(self.names),
            'other_files': list(self.others),
            'other_names': list(self.again),
        }

    def stamp(self, name: str) -> tuple[int, int] | None:
        """Size and time of the last change: another content is another run.

        None of a link that leads nowhere: a failure, once it is to be read.
        """
        path = self.path(name)
        if not os.path.exists(path):
            return None
        found = os.stat(path)
        return found.st_size, found.st_mtime_ns


def find_files(
    inputs: Sequence[str] | str, endings: Collection[str], what: str, *, as_given: bool = False
) -> Files:
    """Look for files by name, in folders (and all below them), and by pattern.

    Args:
        inputs: Files, folders or patterns such as ``clips/*.mp4`` (``**`` stands for
            any folders). A file that has the name of a pattern is that file.
        endings: Of the files that are wanted, in small letters, dots included.
        what: Their name in an error, such as 'video'.
        as_given: Keep the order of ``inputs``, and what is named twice; below a folder, and
            of a pattern, files stand in natural order all the same.

    Raises:
        ValueError: There are no ``inputs``, one of them leads nowhere, or no wanted file
            is found.
        OSError: A folder cannot be read.
    """
    words = [inputs] if isinstance(inputs, str) else list(inputs)
    require(bool(words), 'input', 'at least one file, folder or pattern', words)
    groups = [{os.path.abspath(path) for path in _matches(str(word))} for word in words]
    found = set().union(*groups)
    wanted = [path for path in found if _is_wanted(path, endings)]
    if not wanted:
        raise ValueError(_refusal(words, found, endings, what))
    if as_given:
        asked = [_once([p for p in group if _is_wanted(p, endings)]) for group in groups]
        folder = os.path.commonpath([os.path.dirname(p) for paths in asked for p in paths])
        names = tuple(name for paths in asked for name in _names(paths, folder))
        return Files(folder, names, _names(found.difference(wanted), folder))
    once = _once(wanted)
    folder = os.path.commonpath([os.path.dirname(path) for path in once])
    others, again = found.difference(wanted), set(wanted).difference(once)
    return Files(folder, *(_names(paths, folder) for paths in (once, others, again)))


def _refusal(
    words: Sequence[str], found: Collection[str], endings: Collection[str], what: str
) -> str:
    """Why no file of those found is wanted."""
    known, given = ' '.join(sorted(endings)), ' '.join(map(str, words))
    pictures = sum(_is_wanted(path, PICTURES - frozenset(endings)) for path in found)
    # Pictures are wanted wherever anything else than videos is.
    why = ': recognisers take videos, no pictures' if pictures else ''
    named = len(found) == 1 and os.path.isfile(os.path.expanduser(given))
    if named and os.path.splitext(given)[1].lower() not in endings:
        return f'input must be a {what} by its ending ({known}), got {shown(given)}{why}'
    other = 'file' if len(found) == 1 else 'files'
    got = shown(f'{given} with {len(found)} other {other}')
    return f'input must be something with at least one {what} ({known}), got {got}{why}'


def _matches(word: str) -> Iterator[str]:
    """The files that a name, a folder or a pattern stands for."""
    require(bool(word.strip()), 'input', 'a file, a folder or a pattern', word)
    word = os.path.expanduser(word)
    hits = [word] if os.path.exists(word) else glob.glob(word, recursive=True)
    require(bool(hits), 'input', 'a file, a folder or a pattern that matches', word)
    for hit in hits:
        yield from _below(hit) if os.path.isdir(hit) else [hit]


def _below(folder: str) -> Iterator[str]:
    """All files below a folder; one that links lead to again is entered once."""

    def fail(error: OSError) -> None:
        raise error

    seen: set[str] = set()
    for place, folders, files in os.walk(folder, onerror=fail, followlinks=True):
        fresh = os.path.realpath(place) not in seen
        seen.add(os.path.realpath(place))
        if not fresh:
            folders.clear()
            continue
        yield from (os.path.join(place, name) for name in files)


def _is_wanted(path: str, endings: Collection[str]) -> bool:
    stem, ending = os.path.splitext(os.path.basename(path))
    return ending.lower() in endings and not stem.startswith('.')


def _once(paths: Collection[str]) -> list[str]:
    """One path of each file: itself where it is there, else the first link to it."""
    chosen: dict[str, str] = {}
    for path in sorted(paths, key=lambda path: (os.path.islink(path), natural(path))):
        place = os.path.realpath(path)
        if place == path or place not in chosen:
            chosen[place] = path
    return list(chosen.values())


def _names(paths: Collection[str], folder: str) -> tuple[str, ...]:
    return tuple(sorted((os.path.relpath(path, folder) for path in paths), key=natural))
