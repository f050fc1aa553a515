"""``mmrobust compare A B``: is a model worse than another on the same samples?"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from mmrobust.cli.arguments import Arguments
from mmrobust.cli.reporting import report_errors


def parser() -> Arguments:
    """The command's arguments."""
    what = 'Compare two robustness cards sample by sample; status 1 where B is worse than A.'
    p = Arguments('compare', what)
    p.add_argument('first', metavar='A', help='folder of a card')
    p.add_argument('second', metavar='B', help='folder of another model, on the same samples')
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; status 1 where B is worse than A beyond chance, or on an error."""
    return report_errors(run, sys.argv[1:] if argv is None else argv)


def run(argv: Sequence[str]) -> None:
    """Compare as the arguments say.

    Raises:
        RuntimeError: B is worse.
    """
    args = parser().read(argv)
    from mmrobust.evaluation.card_files import read_card
    from mmrobust.evaluation.card_units import comparable, differences, unit_figures
    from mmrobust.visualization.card_tables import print_comparison

    folders = [Path(args.first), Path(args.second)]
    cards = [read_card(folder) for folder in folders]
    for key in ('seed', 'unit'):
        if cards[0][key] != cards[1][key]:
            raise ValueError(f'B must have {key} {cards[0][key]} as A, got {cards[1][key]}')
    figures = [unit_figures(card, folder) for card, folder in zip(cards, folders, strict=True)]
    alike = comparable(*cards)
    lines = [line for line in differences(*figures) if line['figure'] in alike]
    print_comparison(cards, lines)
    others = sorted({name for of in figures for name in of} - alike)
    if others:
        print(f'not compared, as they are not the same on both cards: {", ".join(others)}')
    worse = [line['figure'] for line in lines if line['worse']]
    if worse:
        raise RuntimeError(f'B is worse than A beyond chance: {", ".join(worse)}')


if __name__ == '__main__':
    sys.exit(main())
