"""``mmrobust board FOLDER...``: robustness cards side by side on one page."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from mmrobust.cli.arguments import Arguments
from mmrobust.cli.reporting import report_errors
from mmrobust.functional.checks import require


def parser() -> Arguments:
    """The command's arguments."""
    p = Arguments(
        'board', 'Put finished robustness cards on one page that sorts, filters and opens offline.'
    )
    p.add_argument('folders', nargs='+', metavar='FOLDER', help='of a card')
    p.share('--work-dir', 'folder for board.html, .csv and .json; default: only print')
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    return report_errors(run, sys.argv[1:] if argv is None else argv)


def run(argv: Sequence[str]) -> None:
    """Read the cards, print the table, write the page."""
    args = parser().read(argv)
    from mmrobust.evaluation.card_files import read_card
    from mmrobust.visualization.card_tables import board_rows, print_board, write_board

    twice = sorted({one for one in args.folders if args.folders.count(one) > 1})
    require(not twice, 'FOLDER', 'each card once', twice)
    cards = {folder: read_card(folder) for folder in args.folders}
    rows = board_rows(cards)
    print_board(rows)
    if args.work_dir is not None:
        write_board(Path(args.work_dir), rows, list(cards.values()))
        print(f'\nboard: {Path(args.work_dir) / "board.html"}')


if __name__ == '__main__':
    sys.exit(main())
