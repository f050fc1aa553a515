"""``study.py SPEC``: several victims, arms, budgets and seeds, and what is claimed of them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from mmrobust.cli import attack, card, sweep, transfer
from mmrobust.cli.arguments import Arguments
from mmrobust.cli.reporting import report_errors

COMMANDS = {
    'attack': attack.run,
    'card': card.run,
    'sweep': sweep.run,
    'transfer': transfer.run,
}


def parser() -> Arguments:
    """The command's arguments."""
    p = Arguments('study', 'Do all runs of a study, several at once; write tables and claims.')
    p.add_argument('spec', help='Python file with study: victims, arms, budgets and seeds')
    p.add_argument('--quick', action='store_true', help='everything once; proves nothing')
    p.add_argument(
        '--source',
        nargs='+',
        default=[],
        metavar='NAME=FOLDER',
        help='data that are not part of the repository; the spec says which there are',
    )
    p.share('--work-dir', "folder for results; default work_dirs/FOLDER of the spec's")
    p.add_argument('--processes', type=int, default=2, help='runs at once; default 2')
    p.share('--cfg-options', 'override the spec, e.g. study.seeds=0,1')
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    return report_errors(run, sys.argv[1:] if argv is None else argv)


def run(argv: Sequence[str]) -> None:
    """Do what is not done yet, and conclude."""
    args = parser().read(argv)
    if args.processes < 1:
        raise ValueError(f'--processes must be at least 1, got {args.processes}')
    import torch

    from mmrobust.cli.options import parse_options
    from mmrobust.io.configs import check_file
    from mmrobust.studies.pool import carry_out
    from mmrobust.studies.spec import read_study

    check_file(args.spec, 'SPEC')
    spec = Path(args.spec)
    work = Path(args.work_dir or f'work_dirs/{spec.resolve().parent.name}')
    study = read_study(
        spec,
        work.resolve() / ('quick' if args.quick else 'full'),
        overrides=parse_options(args.cfg_options),
        quick=args.quick,
        given=folders(args.source),
    )
    torch.set_num_threads(int(os.environ.get('OMP_NUM_THREADS', '1')))
    began = time.perf_counter()
    text = carry_out(study, COMMANDS, args.processes)
    minutes = (time.perf_counter() - began) / 60
    print(f'\n{text}\n{minutes:.1f} minutes this time; {study.folder}')


def folders(words: Sequence[str]) -> dict[str, Path]:
    """Name -> folder, of ``NAME=FOLDER``."""
    found = {}
    for word in words:
        name, _, place = word.partition('=')
        if not place:
            raise ValueError(f'--source must be NAME=FOLDER, got {word!r}')
        if not Path(place).is_dir():
            raise FileNotFoundError(f'--source {name}: {place} is not a folder')
        found[name] = Path(place).resolve()
    return found


if __name__ == '__main__':
    sys.exit(main())
