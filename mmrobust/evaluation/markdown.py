"""Tables in Markdown, and what stands in their cells."""

from collections.abc import Iterable, Mapping, Sequence
from math import isnan
from typing import Any


def markdown(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with a line per row.

    Args:
        headings: Of the columns.
        rows: Cells, as many as headings.
    """
    lines = [f'| {" | ".join(headings)} |', '|---' * len(headings) + '|']
    return '\n'.join([*lines, *(f'| {" | ".join(cells)} |' for cells in rows)])


def percent(value: float | None) -> str:
    """A share in per cent."""
    return '-' if value is None or isnan(value) else f'{100 * value:.1f}'


def banded(point: Mapping[str, Any], name: str) -> str:
    """A share with its interval ``_low`` and ``_high``, in per cent."""
    low, high = point[f'{name}_low'], point[f'{name}_high']
    if low is None:
        return '-'
    return f'{percent(point[name])} ({100 * low:.0f}-{100 * high:.0f})'
