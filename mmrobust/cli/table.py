"""``mmrobust table RUN ...``: finished attacks, sweeps and transfers as one table, or cards."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmrobust.cli.arguments import Arguments
from mmrobust.cli.reporting import report_errors
from mmrobust.functional.checks import require

if TYPE_CHECKING:
    from mmrobust.visualization.run_table import Table

FORMATS = ('csv', 'latex', 'markdown', 'json')
# Keys of run.json that say which annotations, or which files, a run was about.
DATA = ('annotations', 'input files', 'input files or boxes')
Row = dict[str, Any]


def parser() -> Arguments:
    """The command's arguments."""
    what = 'One table of finished runs: a row each, and for each budget or cell; of cards: a column'
    p = Arguments('table', f'{what} each.')
    p.add_argument(
        'runs',
        nargs='+',
        metavar='RUN',
        help='folders of finished attacks, sweeps, transfers; or of cards, runs of corruptions',
    )
    p.add_argument(
        '--format', choices=FORMATS, help="default: by the ending of --out, else 'markdown'"
    )
    p.add_argument('--out', metavar='FILE', help='where to write; default: print')
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    return report_errors(run, sys.argv[1:] if argv is None else argv)


def run(argv: Sequence[str]) -> None:
    """Read the folders, and print or write their table.

    Raises:
        ValueError: A folder holds no finished run.
    """
    from mmrobust.io.atomic import replacing
    from mmrobust.visualization import table_formats

    args = parser().read(argv)
    out = None if args.out is None else Path(args.out)
    known = None if out is None else table_formats.ENDINGS.get(out.suffix)
    folders = [Path(word) for word in args.runs]
    require(len(set(folders)) == len(folders), 'RUN', 'different folders', args.runs)
    table = table_of(folders)
    for warning in table.warnings:
        print(f'warning: {warning}', file=sys.stderr)
    text = table_formats.FORMATS[args.format or known or 'markdown'](table)
    if out is None:
        print(text, end='')
        return
    with replacing(out) as temporary:
        temporary.write_text(text, encoding='utf-8')
    print(f'table: {out}')


def table_of(folders: Sequence[Path]) -> Table:
    """The table of runs, or of cards.

    Raises:
        ValueError: A folder holds no finished run, or cards stand beside runs.
    """
    from mmrobust.functional.naming import name_of
    from mmrobust.ledger.finished import kind_of
    from mmrobust.ledger.finished_cards import KINDS
    from mmrobust.visualization.card_rows import card_table
    from mmrobust.visualization.run_table import run_table

    cards = [folder for folder in folders if kind_of(folder) in KINDS]
    rule = 'folders of attacks, sweeps and transfers, or of cards and runs of corruptions'
    require(not cards or len(cards) == len(folders), 'RUN', rule, [str(f) for f in folders])
    read, table = (card_rows_of, card_table) if cards else (rows_of, run_table)
    found = [each for folder in folders for each in read(folder, name_of(folder, folders))]
    return table(*told_apart(found))


def card_rows_of(folder: Path, name: str) -> list[tuple[Row, str]]:
    """The rows of a card, or of a run of corruptions, each with a digest of its samples."""
    from mmrobust.ledger.finished_cards import card_and_rows, corruptions_of
    from mmrobust.visualization.card_rows import card_rows

    card, _ = card_and_rows(folder)
    run = corruptions_of(folder)
    n = card['data']['n']
    samples = samples_digest(run, n) if (run / 'run.json').is_file() else str(card['data'])
    return [(row, samples) for row in card_rows(name, card)]


def rows_of(folder: Path, name: str) -> list[tuple[Row, str]]:
    """The rows of a folder, and of each a digest of the samples that it is about.

    Args:
        folder: Of a run, a sweep or a transfer.
        name: What it is called.

    Raises:
        ValueError: The folder holds no finished run.
    """
    from mmrobust.ledger.finished import budget_folders, card_of_several, kind_of
    from mmrobust.visualization.run_rows import cell_row

    kind = kind_of(folder)
    if kind == 'run':
        return [attack_row(folder, name)]
    card = card_of_several(folder, kind)
    if kind == 'sweep':
        parts = budget_folders(folder, card).values()
        return [attack_row(part, f'{name}/{part.name}') for part in parts]
    samples = samples_digest(folder, card['n'])
    return [(cell_row(name, card, cell), samples) for cell in card['cells']]


def attack_row(folder: Path, name: str) -> tuple[Row, str]:
    """The row of an attack run, and a digest of its samples."""
    from mmrobust.ledger.finished import card_of_run
    from mmrobust.visualization.run_rows import run_row

    card = card_of_run(folder)
    return run_row(name, card), samples_digest(folder, card['n'])


def samples_digest(folder: Path, n: int) -> str:
    """Which samples a run is about: their names, labels and files, and the annotations' hash."""
    from mmrobust.functional.canonical import digest
    from mmrobust.ledger.finished import finished_json
    from mmrobust.ledger.ledger import read_entries

    identity = finished_json(folder / 'run.json', 'RUN')
    entries = read_entries(folder)
    # A line of a transfer names its sample, one of a run is its sample's.
    samples: dict[int, Mapping[str, Any]] = {}
    for index in sorted(entries):
        samples.setdefault(entries[index].get('sample', index), entries[index])
    # A ledger may hold more than this run was about.
    chosen = [samples[index] for index in sorted(samples)[:n]]
    facts = [[entry.get(key) for key in ('name', 'label', 'file')] for entry in chosen]
    return digest([facts, [identity.get(key) for key in DATA]])


def told_apart(found: Sequence[tuple[Row, str]]) -> tuple[list[Row], list[str]]:
    """The rows, with ``data`` A, B, ... where they are about different samples; and warnings."""
    groups = list(dict.fromkeys(samples for _, samples in found))
    several = len(groups) > 1
    rows = [
        row | {'data': _letter(groups.index(samples)) if several else None}
        for row, samples in found
    ]
    return _models_apart(rows), [_different(rows)] if several else []


def _different(rows: Sequence[Row]) -> str:
    runs: dict[str, list[str]] = {}
    for row in rows:
        runs.setdefault(row['data'], []).append(row.get('run') or row['card'])
    parts = [f'{name}: {", ".join(dict.fromkeys(runs[name]))}' for name in runs]
    return f'rows are about different samples, and are no comparison: {"; ".join(parts)}'


def _models_apart(rows: Sequence[Row]) -> list[Row]:
    """Models of one name with the beginning of their weights' hash, if these differ."""
    weights: dict[str, set[str]] = {}
    for row in rows:
        weights.setdefault(row['model'], set()).add(str(row['checkpoint_sha256']))
    return [
        row | {'model': f'{row["model"]} ({str(row["checkpoint_sha256"])[:8]})'}
        if len(weights[row['model']]) > 1
        else row
        for row in rows
    ]


def _letter(place: int) -> str:
    return chr(ord('A') + place) if place < 26 else str(place + 1)


if __name__ == '__main__':
    sys.exit(main())
