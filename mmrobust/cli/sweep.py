"""``sweep.py CONFIG CHECKPOINT --eps ...``: one attack at several budgets."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmrobust.cli import attack
from mmrobust.cli.arguments import Arguments
from mmrobust.cli.reporting import report_errors
from mmrobust.cli.runner_config import check_files, choose_device

# Arguments of attack.py that every budget's run gets as they are.
PASSED = ('attack', 'space', 'seed', 'max_samples', 'batch_size', 'device')


def parser() -> Arguments:
    """The command's arguments."""
    p = Arguments('sweep', 'Attack a model at several budgets and compare the results.')
    p.share('config', 'config of the model; test_dataloader says what is attacked')
    p.share('checkpoint')
    p.add_argument(
        '--eps', nargs='+', type=float, required=True, help='the budgets; 0 changes nothing'
    )
    p.share('--attack')
    p.share('--surrogate')
    p.share('--work-dir', 'folder for results; default work_dirs/CONFIG/sweep_ATTACK')
    p.add_argument('--space', choices=('video', 'view'), help='what is perturbed; default video')
    p.share('--seed')
    p.share('--max-samples')
    p.share('--batch-size')
    p.share('--device')
    p.share('--resume', 'go on from the ledgers in the work dir')
    p.share('--cfg-options')
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    return report_errors(run, sys.argv[1:] if argv is None else argv)


def run(argv: Sequence[str]) -> None:
    """One attack run per budget, then all of them together."""
    args = parser().read(argv)
    choose_device(args.device)
    from mmrobust.evaluation.budget import budget_path, check_budgets
    from mmrobust.ledger.ledger import read_entries
    from mmrobust.ledger.lock import alone_in
    from mmrobust.ledger.set_aside import set_aside
    from mmrobust.visualization.sweep import write_sweep

    budgets = check_budgets(args.eps)
    given = attack.parser().read(arguments(args, None))
    check_files(given)
    cfg = attack.build_config(given)
    key = '.'.join(('attack', *budget_path(cfg.test_cfg.attack)))
    if any(option.split('=')[0] == key for option in args.cfg_options):
        raise ValueError(f'--cfg-options {key} must be left out: --eps lists the budgets')
    folder = Path(args.work_dir or Path(cfg.work_dir).with_name(f'sweep_{Path(cfg.work_dir).name}'))
    with alone_in(folder):
        if not args.resume:
            set_aside(folder / f'sweep.{ending}' for ending in ('json', 'csv', 'html'))
        cards, rows = {}, {}
        for eps in budgets:
            text = f'{eps:.12g}'
            part = folder / f'eps{text}'
            attack.run(arguments(args, part, f'{key}={text}'))
            cards[eps] = json.loads((part / 'report.json').read_text(encoding='utf-8'))
            entries = read_entries(part)
            # A ledger may hold more than this run was about.
            rows[eps] = [entries[index] for index in sorted(entries)[: cards[eps]['n']]]
        write_sweep(folder, cards, rows)


def arguments(args: argparse.Namespace, folder: Path | None, *options: str) -> list[str]:
    """What attack.py is told for one budget."""
    found: list[Any] = [args.config, args.checkpoint]
    for name in PASSED:
        value = getattr(args, name)
        if value is not None:
            found += [f'--{name.replace("_", "-")}', value]
    if folder is not None:
        found += ['--work-dir', folder]
    if args.surrogate:
        found += ['--surrogate', *args.surrogate]
    if args.resume:
        found.append('--resume')
    if args.cfg_options or options:
        found += ['--cfg-options', *args.cfg_options, *options]
    return [str(word) for word in found]


if __name__ == '__main__':
    sys.exit(main())
