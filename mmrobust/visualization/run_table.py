"""Rows of finished runs as a table that people read: which columns, and what stands in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mmrobust.visualization.formatting import DASH, is_share, number, real
from mmrobust.visualization.run_rows import RunRow
from mmrobust.visualization.summary import METRICS

Show = Callable[[RunRow], str]

NOTE = (
    'success: over the samples that the model had right (in a transfer: that both models had '
    'right), with its 95 % Wilson interval; calls: mean forwards and backwards of an attacked '
    'sample, and queries of another model; sizes: means, in grey levels where samples are '
    'pictures. What is left under attack is an upper bound of what is robust.'
)
# What tells two rows apart, but for the folder.
OWN = ('model', 'source', 'attack', 'threat', 'eps', 'data')


@dataclass(frozen=True)
class RunColumn:
    """A heading, what a row says below it, and whether that is a number."""

    name: str
    show: Show
    numeric: bool = True


@dataclass(frozen=True)
class Table:
    """What a program reads, and what people do.

    Attributes:
        rows: One for each result, of equal keys.
        lines: What stands below the headings.
        columns: That show a line.
        note: What the figures mean.
        warnings: What a reader must know.
    """

    rows: Sequence[RunRow]
    lines: Sequence[RunRow]
    columns: Sequence[RunColumn]
    note: str
    warnings: Sequence[str]


def run_table(rows: Sequence[RunRow], warnings: Sequence[str]) -> Table:
    """The table of runs: a line for each."""
    return Table(rows, rows, run_columns(rows), NOTE, warnings)


def run_columns(rows: Sequence[RunRow]) -> list[RunColumn]:
    """The columns in which any row has something to say."""
    alike = len({tuple(row.get(key) for key in OWN) for row in rows}) < len(rows)
    words = [*(['run'] if alike else []), 'data', 'model', 'source', 'attack', 'threat']
    found = [RunColumn(WORDS.get(key, key), _word(key), numeric=False) for key in words]
    found += [RunColumn('eps', _number('eps')), RunColumn('n', _number('n', 9))]
    found += [RunColumn('failed', lambda row: number(row['failed'] or None, 9))]
    found += _metric_columns(rows)
    found += [RunColumn('attacked', _number('attacked', 9)), RunColumn('success, %', _success)]
    found += [RunColumn(name, _number(key, 3)) for key, name in NUMBERS.items()]
    found += [RunColumn('frames', _frames)]
    found += [RunColumn(name, _fixed(*kind)) for name, kind in LOOKS.items()]
    return [column for column in found if any(column.show(row) != DASH for row in rows)]


WORDS = {'source': 'crafted on'}
NUMBERS = {'calls': 'calls', 'linf': 'l_inf', 'l2': 'l_2'}
# Heading -> key, and decimals.
LOOKS = {'PSNR, dB': ('psnr', 1), 'SSIM': ('ssim', 3)}


def _metric_columns(rows: Sequence[RunRow]) -> list[RunColumn]:
    """Clean and attacked; named in the headings where all rows have one metric."""
    names = {row['metric'] for row in rows} - {None}
    if len(names) != 1:
        apart = RunColumn('metric', _word('metric'), numeric=False)
        return [apart, *(RunColumn(s, _measured(k)) for k, s in SIDES.items())]
    (name,) = names
    values = [row[key] for row in rows for key in SIDES]
    unit = ', %' if is_share(name, *values) else ''
    what = METRICS.get(name, name)
    headings = {'clean': f'clean {what}{unit}', 'adversarial': f'{what} under attack{unit}'}
    return [RunColumn(heading, _measured(side)) for side, heading in headings.items()]


SIDES = {'clean': 'clean', 'adversarial': 'under attack'}


def _word(key: str) -> Show:
    return lambda row: str(row.get(key) or DASH)


def _number(key: str, digits: int = 4) -> Show:
    return lambda row: number(row[key], digits)


def _fixed(key: str, places: int) -> Show:
    def show(row: RunRow) -> str:
        found = real(row[key])
        return DASH if found is None else f'{found:.{places}f}'

    return show


def _measured(side: str) -> Show:
    """A share in per cent, or another metric as it is."""

    def show(row: RunRow) -> str:
        share = row['metric'] and is_share(row['metric'], row['clean'], row['adversarial'])
        return _percent(row[side]) if share else number(row[side])

    return show


def _success(row: RunRow) -> str:
    """'93.8 [85.0, 97.5]'."""
    low, high = (row[f'success_rate_{end}'] for end in ('low', 'high'))
    text = _percent(row['success_rate'])
    return text if None in (low, high) else f'{text} [{_percent(low)}, {_percent(high)}]'


def _frames(row: RunRow) -> str:
    """How many changed; a dash where all did, or it is not known."""
    changed, total = real(row['frames']), real(row['frames_total'])
    return DASH if not changed or changed == total else number(changed, 3)


def _percent(value: Any) -> str:
    found = real(value)
    return DASH if found is None else f'{100 * found:.1f}'
