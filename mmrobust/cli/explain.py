"""``explain.py CONFIG CHECKPOINT``: what in the pixels a model's answers rest on."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmrobust.cli.arguments import Arguments
from mmrobust.cli.inputs import add_arguments, use_input
from mmrobust.cli.reporting import report_errors
from mmrobust.cli.runner_config import (
    check_data,
    check_files,
    check_keys,
    check_parts,
    choose_device,
)
from mmrobust.functional.checks import require, whole

MOST = 8


def parser() -> Arguments:
    """The command's arguments."""
    p = Arguments('explain', 'Show what in the pixels a model looks at, and how true that is.')
    p.share('config', 'config of the model; test_dataloader says what is explained')
    p.share('checkpoint')
    p.add_argument(
        '--method',
        nargs='+',
        metavar='NAME',
        help='gradient, integrated_gradients, occlusion, random_masks, grad_cam, hi_res_cam '
        '(mmrobust list explanations); default gradient, occlusion, random_masks and grad_cam',
    )
    p.add_argument(
        '--target',
        default='predicted',
        metavar='true|predicted|CLASS|JOINT',
        help='whose score is explained; default predicted, of each version of a sample its own',
    )
    p.add_argument(
        '--layer',
        metavar='NAME',
        help='that grad_cam and hi_res_cam take; default the last one with features in space',
    )
    p.add_argument(
        '--adversarial',
        metavar='FOLDER',
        help='of a run of mmrobust attack --save-adv on the same samples: adversarial maps too',
    )
    add_arguments(p)
    p.add_argument(
        '--space',
        choices=('video', 'view', 'crop', 'image'),
        help='whose pixels are explained; default video, for a pose estimator crop',
    )
    p.share('--work-dir', 'folder for results; default work_dirs/CONFIG/explain')
    p.share('--seed', 'seed of masks and random orders; default 0')
    p.share('--max-samples', f'only the first N samples; default {MOST}')
    p.share('--batch-size', 'versions of a sample at once; default 16')
    p.share('--device')
    p.share('--cfg-options', 'override the config, e.g. explain.random_masks.masks=4000')
    p.set_defaults(seed=0, max_samples=MOST, batch_size=16)
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    return report_errors(run, sys.argv[1:] if argv is None else argv)


def run(argv: Sequence[str]) -> None:
    """Explain as the arguments say."""
    args = parser().read(argv)
    choose_device(args.device)
    require(whole(args.max_samples, 1), '--max-samples', 'at least 1', args.max_samples)
    check_files(args)
    from mmrobust.engine.artifacts import check_writable
    from mmrobust.engine.explaining import Explainer, dataset_of
    from mmrobust.engine.explanation_report import ExplanationReport
    from mmrobust.engine.from_python import victim_of
    from mmrobust.ledger.lock import alone_in

    cfg, methods = build(args)
    folder = Path(args.work_dir or f'work_dirs/{Path(args.config).stem}/explain')
    check_writable(folder)
    options = {**cfg.victim, **({} if args.space is None else {'space': args.space})}
    device = args.device or default_device()
    with alone_in(folder):
        victim = victim_of(cfg, args.checkpoint, options, None, device)
        explainer = Explainer(
            victim,
            dataset_of(cfg),
            methods,
            target=args.target,
            seed=args.seed,
            batch=args.batch_size,
        )
        if args.adversarial is not None:
            explainer.beside(Path(args.adversarial))
        report = ExplanationReport(folder, explainer, args.config, args.checkpoint)
        report.go_through(min(args.max_samples, len(explainer.samples)))


def build(args: argparse.Namespace) -> tuple[Any, dict[str, Any]]:
    """The user's config with the data to explain, and the methods; nothing is loaded yet."""
    from mmrobust.cli.options import import_named, parse_options
    from mmrobust.engine.explaining import DEFAULT, methods_of
    from mmrobust.io.configs import read_config

    cfg = read_config(args.config, 'CONFIG')
    overrides = parse_options(args.cfg_options)
    import_named(overrides)
    cfg.victim, cfg.explain = cfg.get('victim', {}), cfg.get('explain', {})
    check_keys(overrides, cfg)
    cfg.merge_from_dict(overrides)
    options = {'victim': cfg.victim, 'explain': cfg.explain}
    check_parts(options)
    methods = methods_of(args.method or list(DEFAULT), dict(cfg.explain), args.layer)
    check_data(cfg, args)
    cfg.test_cfg = {'type': 'TestLoop', 'victim': dict(cfg.victim)}
    use_input(cfg, args)
    nothing = bool(args.input) and args.target == 'true'
    require(not nothing, '--target', 'predicted, or one class or joint, with --input', 'true')
    return cfg, methods


def default_device() -> str:
    """The first GPU if there is one."""
    import torch

    return 'cuda' if torch.cuda.is_available() else 'cpu'


if __name__ == '__main__':
    sys.exit(main())
