"""``transfer.py SPEC``: clips crafted on one recogniser, shown to others."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmrobust.cli.arguments import Arguments
from mmrobust.cli.reporting import report_errors
from mmrobust.cli.runner_config import choose_device


def parser() -> Arguments:
    """The command's arguments."""
    p = Arguments(
        'transfer',
        'Craft adversarial clips on some victims and show them to others: '
        'who fools whom, at which budget.',
    )
    p.add_argument('spec', help='Python file with data, victims, attacks and eps')
    p.share('--work-dir', 'folder for results; default work_dirs/transfer/SPEC')
    p.share('--max-samples')
    p.share('--seed', "seed of the attacks; default the spec's, else 0")
    p.share('--resume')
    p.share('--device')
    p.share(
        '--cfg-options', 'override the spec, e.g. eps=2,4 attacks.pgd.steps=20 success_on=target'
    )
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    return report_errors(run, sys.argv[1:] if argv is None else argv)


def run(argv: Sequence[str]) -> None:
    """Measure as the arguments say."""
    args = parser().read(argv)
    choose_device(args.device)
    import torch

    from mmrobust.engine.artifacts import check_writable
    from mmrobust.engine.settings import RunSettings
    from mmrobust.ledger.lock import alone_in
    from mmrobust.transfer.report import write_report
    from mmrobust.transfer.run import TransferRun

    began = time.perf_counter()
    spec = read_spec(args)
    settings = RunSettings(seed=spec.seed, max_samples=args.max_samples, resume=args.resume)
    folder = Path(args.work_dir or f'work_dirs/transfer/{Path(args.spec).stem}')
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    job = TransferRun(spec, folder, settings, device)
    check_writable(folder)
    with alone_in(folder):
        write_report(job.run(), spec, args.spec, folder, time.perf_counter() - began)


def read_spec(args: argparse.Namespace) -> Any:
    """The spec with the command line's overrides, checked."""
    from mmrobust.cli.options import overridden
    from mmrobust.transfer.spec import TransferSpec

    plain = overridden(args.spec, 'SPEC', args.cfg_options).to_dict()
    return TransferSpec.from_config(plain if args.seed is None else plain | {'seed': args.seed})


if __name__ == '__main__':
    sys.exit(main())
