"""Names of samples and of folders: where a pipeline finds them, how they are shown, their order."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

# Key of a sample's name in what a data set gives its pipeline, and in what that returns.
NAME_KEY = 'mmrobust_name'


def natural(text: str) -> list[tuple[int, int, str]]:
    """A key that sorts the numbers in a text by their value.

    Example:
        >>> sorted(['a10', 'a2', 'b1'], key=natural)
        ['a2', 'a10', 'b1']
    """
    parts = re.split(r'([0-9]+)', text)
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts]


def from_here(path: str) -> str:
    """A path as it is seen from the current folder, if it lies below; else as it is."""
    near = os.path.relpath(path)
    return path if near.startswith(os.pardir) else near


def name_of(folder: Path, folders: Sequence[Path]) -> str:
    """What a folder is called among others: its own name, or its path where names are alike."""
    names = [each.resolve().name for each in folders]
    name = folder.resolve().name
    return name if names.count(name) == 1 else str(folder)
