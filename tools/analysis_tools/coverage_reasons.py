"""Why a config did not pass, in one of a few categories."""

from __future__ import annotations

import re
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import mmrobust

# Category -> what it says, in the order of the table.
CATEGORIES = {
    'passed': 'stock and clean results equal, gradient, attack and metrics sound',
    'refused': 'mmrobust says in one line why not',
    'operators': "needs mmcv's compiled operators; the environment has mmcv-lite",
    'package': 'needs a package that is not installed',
    'broken': 'broken in the wheels: the stock test ends, too',
    'untried': 'of another task, and its model cannot be built without its data',
    'limits': 'over the limit on time or memory',
    'failed': 'the stock test runs and the attack does not: a fault of mmrobust',
}
OPERATORS = 'needs full mmcv, compiled'
PACKAGES = re.compile(
    r'needs the package (\S+?),|No module named .(\w+)|nstall `*(\w+)`* package|pip install "(\S+)"'
)
FOLDER = Path(mmrobust.__file__).parent


@dataclass(frozen=True)
class Ending:
    """An exception, as a row can hold it.

    Attributes:
        kind: Class of the exception.
        text: Its message, in one line.
        place: File and line that raised it.
        own: Whether a check of mmrobust's raised it, and not because of another error.
        operator: Whether a compiled operator was missing.
        package: What had to be installed; '' where nothing.
    """

    kind: str
    text: str
    place: str
    own: bool
    operator: bool = False
    package: str = ''

    @property
    def row(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def ending(error: BaseException) -> Ending:
    """What a row keeps of an exception."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    chain: list[BaseException] = [error]
    while inner := chain[-1].__cause__ or chain[-1].__context__:
        chain.append(inner)
    texts = ' '.join(map(str, chain))
    causes = [error]
    while causes[-1].__cause__ is not None:
        causes.append(causes[-1].__cause__)
    text = ' '.join(str(error).split())
    missing = isinstance(error, ImportError) and PACKAGES.search(text)
    return Ending(
        type(error).__name__,
        text[:600],
        f'{_short(last.filename)}:{last.lineno}',
        all(_raised_here(one) for one in causes),
        OPERATORS in texts,
        next(filter(None, missing.groups()), '') if missing else '',
    )


def category(
    ours: Ending | None, stock: Ending | None, problems: list[str], tried: bool = True
) -> str:
    """Of a config.

    Args:
        ours: What ended the attack; None: nothing.
        stock: What ended the stock test, or the building of the model; None: nothing.
        problems: What was not as it should be in a run to the end.
        tried: Whether there were data for the stock test.
    """
    endings = [one for one in (ours, stock) if one is not None]
    if any(one.operator for one in endings):
        return 'operators'
    if any(one.package for one in endings):
        return 'package'
    if any(one.kind in ('MemoryError', 'Killed') for one in endings):
        return 'limits'
    if ours is None:
        return 'failed' if problems else 'passed'
    if ours.own and ours.kind != 'AssertionError':
        return 'refused'
    if stock is not None:
        return 'broken' if tried or stock.kind == 'KeyError' else 'untried'
    return 'failed'


def _raised_here(error: BaseException) -> bool:
    """Whether it comes from mmrobust itself."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and Path(frames[-1].filename).is_relative_to(FOLDER)


def _short(file: str) -> str:
    """A file as its package calls it."""
    path = Path(file)
    parts = path.parts
    if 'site-packages' in parts:
        return '/'.join(parts[parts.index('site-packages') + 1 :])
    return str(path.relative_to(FOLDER.parent)) if path.is_relative_to(FOLDER.parent) else path.name
