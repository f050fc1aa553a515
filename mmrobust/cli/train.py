"""``train.py CONFIG``: mmengine's Runner, so that no second repository is needed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmrobust.cli.reporting import report_errors


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    p = argparse.ArgumentParser(
        prog='train.py', description='Train a recogniser or a pose estimator from its config.'
    )
    p.add_argument('config', help='config of the model')
    p.add_argument('--work-dir', help='where logs and checkpoints go; default work_dirs/CONFIG')
    p.add_argument('--resume', action='store_true', help='go on from the latest checkpoint')
    p.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE')
    p.add_argument('--traceback', action='store_true', help='show where an error came from')
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    return report_errors(run, sys.argv[1:] if argv is None else argv)


def run(argv: Sequence[str]) -> None:
    """Train as the arguments say."""
    args = parser().parse_args(argv)
    from mmengine.config import Config
    from mmengine.runner import Runner

    from mmrobust.cli.options import parse_options

    cfg = Config.fromfile(args.config)
    cfg.merge_from_dict(parse_options(args.cfg_options))
    cfg.work_dir = args.work_dir or cfg.get('work_dir') or f'work_dirs/{Path(args.config).stem}'
    cfg.resume = args.resume or cfg.get('resume', False)
    Runner.from_cfg(cfg).train()


if __name__ == '__main__':
    sys.exit(main())
