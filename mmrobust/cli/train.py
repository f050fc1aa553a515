"""``train.py CONFIG``: mmengine's Runner, so that no second repository is needed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmrobust.cli.arguments import Arguments
from mmrobust.cli.reporting import report_errors, unknown_type
from mmrobust.functional.checks import require, whole


def parser() -> Arguments:
    """The command's arguments."""
    p = Arguments('train', 'Train a recogniser or a pose estimator from its config.')
    p.share('config')
    p.share('--work-dir', 'where logs and checkpoints go; default work_dirs/CONFIG')
    p.share('--resume', 'go on from the latest checkpoint')
    p.share('--cfg-options', 'override the config, e.g. train_cfg.max_epochs=20')
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    return report_errors(run, sys.argv[1:] if argv is None else argv)


def run(argv: Sequence[str]) -> None:
    """Train as the arguments say."""
    args = parser().read(argv)
    from mmengine.runner import Runner

    from mmrobust.cli.options import overridden
    from mmrobust.engine.artifacts import check_writable
    from mmrobust.engine.option_kinds import check_kinds
    from mmrobust.io.model_config import check_packages

    cfg = overridden(args.config, 'CONFIG', args.cfg_options)
    check_kinds(cfg)
    check_packages(cfg.get('model'))
    check_training(cfg)
    cfg.work_dir = args.work_dir or cfg.get('work_dir') or f'work_dirs/{Path(args.config).stem}'
    cfg.resume = args.resume or cfg.get('resume', False)
    check_writable(Path(cfg.work_dir))
    runner = Runner.from_cfg(cfg)
    try:
        runner.train()
    except IndexError as error:
        # What torch says of a label that the head has no class for.
        if not str(error).startswith('Target '):
            raise
        raise ValueError(
            "every label of the training set must be below the head's num_classes, "
            f'got {str(error).split()[1]} (look at model.cls_head.num_classes)'
        ) from error


def check_training(cfg: Any) -> None:
    """Refuse what mmengine would only stumble over, or train nothing with."""
    from mmengine.registry import OPTIMIZERS, init_default_scope

    for name in ('max_epochs', 'max_iters'):
        length = (cfg.get('train_cfg') or {}).get(name)
        good = length is None or whole(length, 1)
        require(good, f'train_cfg.{name}', 'a whole number >= 1', length)
    kind = ((cfg.get('optim_wrapper') or {}).get('optimizer') or {}).get('type')
    if isinstance(kind, str):
        scope = cfg.get('default_scope') or 'mmengine'
        init_default_scope(scope)
        with OPTIMIZERS.switch_scope_and_registry(None) as optimizers:
            known = optimizers.get(kind)
        if known is None:
            raise ValueError(unknown_type(kind, 'optimizer', scope))


if __name__ == '__main__':
    sys.exit(main())
