"""``mmrobust figures RUN ...``: the figures of finished runs as files of their own."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mmrobust.cli.arguments import Arguments
from mmrobust.cli.reporting import report_errors
from mmrobust.functional.checks import require

if TYPE_CHECKING:
    from mmrobust.visualization.plot import Plot

KINDS = ('svg', 'png', 'pdf')


def parser() -> Arguments:
    """The command's arguments."""
    p = Arguments('figures', 'The figures of a page as files: SVG, PNG (300 dots an inch), PDF.')
    what = 'folders of finished attacks, sweeps, transfers, runs of corruptions, or cards'
    p.add_argument('runs', nargs='+', metavar='RUN', help=what)
    p.add_argument('--format', nargs='+', choices=KINDS, default=['svg'], help='default: svg')
    p.add_argument('--out', metavar='DIR', help='where to write; default: RUN/figures')
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    return report_errors(run, sys.argv[1:] if argv is None else argv)


def run(argv: Sequence[str]) -> None:
    """Draw the figures of every folder.

    Raises:
        ValueError: A folder holds no finished run, or one folder is to take the files of several.
    """
    from mmrobust.visualization.figure_files import write_figures

    args = parser().read(argv)
    folders = [Path(word) for word in args.runs]
    rule = 'left out where there are several RUN, whose files have the same names'
    require(args.out is None or len(folders) == 1, '--out', rule, args.out)
    found = {folder: plots_of(folder) for folder in folders}
    kinds = list(dict.fromkeys(args.format))
    for folder, plots in found.items():
        out = folder / 'figures' if args.out is None else Path(args.out)
        for path, title in write_figures(out, plots, kinds).items():
            print(f'{path}  {title}')


def plots_of(folder: Path) -> list[Plot]:
    """The figures of a run's page.

    Raises:
        ValueError: The folder holds no finished run.
    """
    from mmrobust.ledger import finished, finished_cards
    from mmrobust.visualization.card import card_plots
    from mmrobust.visualization.figures import plots
    from mmrobust.visualization.sweep_figures import sweep_plots
    from mmrobust.visualization.transfer_figures import transfer_plots

    kind = finished.kind_of(folder)
    if kind in finished_cards.KINDS:
        return card_plots(*finished_cards.card_and_rows(folder))
    if kind == 'run':
        card = finished.card_of_run(folder)
        return plots(card, finished.rows_of_run(folder, card['n']))
    card = finished.card_of_several(folder, kind)
    if kind == 'transfer':
        return transfer_plots(card['cells'])
    parts = finished.budget_folders(folder, card)
    rows = {
        eps: finished.rows_of_run(part, finished.card_of_run(part)['n'])
        for eps, part in parts.items()
    }
    return sweep_plots(card['points'], rows)


if __name__ == '__main__':
    sys.exit(main())
