"""Tables in Markdown."""

from collections.abc import Iterable, Sequence


def markdown(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with a line per row.

    Args:
        headings: Of the columns.
        rows: Cells, as many as headings.
    """
    lines = [f'| {" | ".join(headings)} |', '|---' * len(headings) + '|']
    return '\n'.join([*lines, *(f'| {" | ".join(cells)} |' for cells in rows)])
