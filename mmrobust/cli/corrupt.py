"""``corrupt.py CONFIG CHECKPOINT``: a model on natural corruptions of its test data."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from mmrobust.cli.arguments import Arguments
from mmrobust.cli.inputs import add_arguments, use_input
from mmrobust.cli.reporting import report_errors
from mmrobust.cli.runner_config import (
    add_launcher,
    check_data,
    check_keys,
    check_parts,
    choose_device,
    finish,
    run_test,
    settings_of,
)

# What can be made wherever the package runs, of frames and of skeletons.
DEFAULT, OF_SKELETONS = 'imagenet_c_no_frost', 'skeleton'


def parser() -> Arguments:
    """The command's arguments."""
    p = Arguments('corrupt', 'Test a model on corrupted versions of its test data.')
    p.share('config', 'config of the model; test_dataloader says what is tested')
    p.share('checkpoint')
    p.add_argument(
        '--corruptions',
        nargs='+',
        metavar='NAME|FILE',
        help='presets, kinds (mmrobust list corruptions) or config files that define '
        f'`corruptions`; default {DEFAULT}, of skeletons {OF_SKELETONS}',
    )
    p.add_argument(
        '--severities', nargs='+', type=int, default=[1, 2, 3, 4, 5], help='default 1 2 3 4 5'
    )
    p.add_argument(
        '--control',
        action='store_true',
        help='beside each cell of frames white noise that changes them by as much, beside kinds '
        'that move joints noise that moves them by as much; twice the time',
    )
    add_arguments(p)
    p.share('--work-dir', 'folder for results; default work_dirs/CONFIG/corruptions')
    p.share('--save', 'keep the corrupted samples in DIR, lossless, as files that can be played')
    p.share('--seed', 'seed of the corruptions; default 0')
    p.share('--max-samples', 'only the first N samples')
    p.share('--batch-size', "cells of a sample at once; default: the config's batch size")
    p.share('--device')
    p.share('--resume')
    p.add_argument(
        '--strict', action='store_true', help='stop at a video or picture that fails to load'
    )
    add_launcher(p)
    p.share('--cfg-options', 'override the config')
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    return report_errors(run, sys.argv[1:] if argv is None else argv)


def run(argv: Sequence[str]) -> None:
    """Test as the command's arguments say."""
    args = parser().read(argv)
    choose_device(args.device)
    run_test(args, build_config)


def build_config(args: argparse.Namespace) -> Any:
    """The user's config with the loop over corruptions wired in; its model stays as it is."""
    from mmrobust.cli.options import import_named, parse_options
    from mmrobust.io.configs import read_config

    cfg = read_config(args.config, 'CONFIG')
    overrides = parse_options(args.cfg_options)
    import_named(overrides)
    cfg.victim, cfg.settings = cfg.get('victim', {}), cfg.get('settings', {})
    check_keys(overrides, cfg)
    cfg.merge_from_dict(overrides)
    # Before any model is built.
    kinds = _kinds(args.corruptions or [_usual(cfg)])
    parts = {name: cfg.pop(name) for name in ('victim', 'settings')}
    check_parts(parts)
    cfg.test_cfg = {
        'type': 'mmrobust.CorruptionTestLoop',
        'corruptions': kinds,
        'severities': args.severities,
        'control': args.control,
        'victim': dict(parts['victim']),
        'settings': dict(parts['settings']) | settings_of(args, 'save'),
        'fp16': (cfg.get('test_cfg') or {}).get('fp16', False),
    }
    check_data(cfg, args)
    use_input(cfg, args)
    finish(cfg, args, overrides, 'corruptions')
    return cfg


def _usual(cfg: Any) -> str:
    """The preset of a config's model, where the command line names no kinds."""
    from mmrobust.engine.raw_data import kind_of_model
    from mmrobust.io.model_config import check_model

    check_model(cfg.get('model'))
    return OF_SKELETONS if kind_of_model(cfg) == 'SkeletonVictim' else DEFAULT


def _kinds(asked: Sequence[str]) -> list[dict[str, Any]]:
    """The configs of all kinds, which a resumed run compares; holes are foretold."""
    from mmrobust.engine.corruption_configs import cannot_be_made, corruptions_of

    kinds = corruptions_of(asked)
    for kind in kinds:
        reason = cannot_be_made(kind)
        if reason is not None:
            print(
                f'{kind.name} cannot be made here, and there will be no mean: {reason}',
                file=sys.stderr,
            )
    return [kind.describe() for kind in kinds]


if __name__ == '__main__':
    sys.exit(main())
