"""A page on several runs together: figures, and one table with all numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmrobust.io.atomic import replacing
from mmrobust.visualization.document import document
from mmrobust.visualization.formatting import interval, number, percent, plain, real
from mmrobust.visualization.page import Preview
from mmrobust.visualization.plot import Plot
from mmrobust.visualization.sample_names import common_folder, without_folder
from mmrobust.visualization.samples import Cell, Column

Pairs = Sequence[tuple[str, str]]
# Columns that are shares of 1.
SHARES = ('accuracy', 'rate')
LIMITS = ('_low', '_high')


@dataclass(frozen=True)
class StudyPage:
    """What the page shows.

    Attributes:
        title: In the browser's tab.
        kicker: Above the headline.
        verdict: The headline.
        tiles: Name, value and remark of the headline's figures.
        rows: The table's rows, mappings of equal keys.
        note: What the table's columns are.
        plots: The figures.
        blocks: Heading and facts of each block at the end.
        failures: Samples that could not be loaded: index, name, error.
        previews: Pictures with their titles.
        tables: Title, note and rows of further tables.
        remark: Below the headline's figures: what they must not be read without; '' for nothing.
        filters: Keys of rows of which one value may be chosen, beside a text to look for; None: the
            table cannot be filtered.
    """

    title: str
    kicker: str
    verdict: str
    tiles: Sequence[tuple[str, str, str]]
    rows: Sequence[Mapping[str, Any]]
    note: str
    plots: Sequence[Plot]
    blocks: Sequence[tuple[str, Pairs]]
    failures: Sequence[Mapping[str, Any]] = field(default=())
    previews: Sequence[Preview] = field(default=())
    tables: Sequence[tuple[str, str, Sequence[Mapping[str, Any]]]] = field(default=())
    filters: Sequence[str] | None = None
    remark: str = ''


def write_study(path: Path, study: StudyPage) -> None:
    """Write the page; missing folders are made."""
    columns, rows = numbers_columns(study.rows)
    folder = common_folder(failure['name'] for failure in study.failures)
    values = vars(study) | {
        'verdict': study.verdict.replace(' %', '\N{NO-BREAK SPACE}%'),
        'remark': study.remark.replace(' %', '\N{NO-BREAK SPACE}%'),
        'columns': columns,
        'rows': rows,
        'tables': [(name, note, *numbers_columns(more)) for name, note, more in study.tables],
        'choices': _choices(study),
        'failed': len(study.failures),
        'failures': without_folder(folder, study.failures),
    }
    with replacing(path) as temporary:
        temporary.write_text(document('study.html.j2', values), encoding='utf-8')


def _choices(study: StudyPage) -> list[int] | None:
    """Places of the columns that are filtered."""
    if study.filters is None:
        return None
    names = [name for name in study.rows[0] if not name.endswith(LIMITS)]
    return [names.index(name) for name in study.filters]


def numbers_columns(
    rows: Sequence[Mapping[str, Any]],
) -> tuple[list[Column], list[list[Cell]]]:
    """Headings and cells for rows of plain values.

    Shares of 1 are in per cent. A value stands with its limits ``_low`` and
    ``_high`` behind it where the row has those, in the same unit.
    """
    names = [name for name in rows[0] if not name.endswith(LIMITS)]
    words = {n for n in names if any(isinstance(row[n], str | bool) for row in rows)}
    columns = [Column(name.replace('_', ' '), numeric=name not in words) for name in names]
    return columns, [[_cell(name, row, name in words) for name in names] for row in rows]


def _cell(name: str, row: Mapping[str, Any], word: bool) -> Cell:
    value = row[name]
    if word:
        text = ('yes' if value else '') if isinstance(value, bool) else plain(value)
        # A number and its sign stay together.
        text = text.replace(' %', '\N{NO-BREAK SPACE}%')
        return Cell(text, text.lower(), 'word')
    found = real(value)
    share = name.split('_')[-1] in SHARES
    text = percent(value) if share else number(value)
    limits = [row.get(name + end) for end in LIMITS]
    words = ''
    if found is not None and None not in limits:
        # A dash would read as a minus sign between numbers that may be negative.
        words = f'({interval(limits) if share else " to ".join(map(number, limits))})'
    return Cell(text, -1.0 if found is None else found, 'n', words)
