"""What goes wrong while data sets and metrics read their files, told with the files."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mmengine.evaluator import BaseMetric
from torch.utils.data import Dataset

EMPTY = 'the test data set must hold at least one sample, got an empty annotation list'
# What readers of other libraries raise at a file that is not as they expect it.
ERRORS = (
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    AssertionError,
    RecursionError,
)
# Files that are read when a data set or a metric is built.
FILES = ('ann_file', 'bbox_file', 'headbox_file', 'keypoint_2d_src', 'camera_param_file')
# mmengine's and Python's own words on a config, which say enough.
CLEAR = ('unexpected keyword argument', ' registry. ')


@contextmanager
def naming_files() -> Iterator[None]:
    """Raise what a data set or metric stumbles over as one ValueError that names its files."""
    try:
        yield
    except ERRORS as error:
        text, reader = str(error), _reader(error)
        if 'need at least one array' in text:
            # What mmengine's data sets say of an empty annotation list.
            where = '' if reader is None else f' ({_described(reader)})'
            raise ValueError(EMPTY + where) from error
        if reader is None or any(words in text for words in CLEAR):
            raise
        if isinstance(error, ValueError) and any(path in text for path in _files(reader).values()):
            raise
        where = 'test_evaluator' if isinstance(reader, BaseMetric) else 'test_dataloader.dataset'
        raise ValueError(f'{where} ({_described(reader)}): {_said(error)}') from error


def _reader(error: BaseException) -> Any:
    """The innermost data set or metric at work when the error came up; None without one."""
    found = None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        owner = frame.f_locals.get('self')
        found = owner if isinstance(owner, Dataset | BaseMetric) else found
    return found


def _files(reader: Any) -> dict[str, str]:
    given = ((name, getattr(reader, name, None)) for name in FILES)
    return {name: path for name, path in given if isinstance(path, str) and path}


def _described(reader: Any) -> str:
    files = [f'{name} {path}' for name, path in _files(reader).items()]
    return ', '.join([type(reader).__name__, *files])


def _said(error: Exception) -> str:
    lines = str(error).strip().splitlines() or ['']
    if isinstance(error, KeyError):
        return f'the key {lines[0]} is not there'
    known = isinstance(error, ValueError | AssertionError) and lines[0]
    return lines[0] if known else f'{type(error).__name__}: {lines[0]}'
