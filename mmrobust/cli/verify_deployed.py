"""``mmrobust verify-deployed CONFIG CHECKPOINT MODEL``: does a deployed network answer alike?"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from mmrobust.cli.arguments import Arguments
from mmrobust.cli.reporting import report_errors
from mmrobust.cli.runner_config import check_files

if TYPE_CHECKING:
    from mmrobust.engine.deployed_check import Comparison


def parser() -> Arguments:
    """The command's arguments."""
    what = (
        'The same samples through a checkpoint and through what is deployed of it: outputs, '
        'predictions, metrics. Status 1 where the outputs differ by more than rounding.'
    )
    p = Arguments('verify-deployed', what)
    p.share('config')
    p.share('checkpoint')
    p.add_argument('model', help='the deployed network (.onnx)')
    p.add_argument('--samples', type=int, default=8, metavar='N', help='how many; default 8')
    p.share('--cfg-options')
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; status 0 only if both answer alike."""
    return report_errors(run, sys.argv[1:] if argv is None else argv)


def run(argv: Sequence[str]) -> None:
    """Compare as the arguments say.

    Raises:
        ValueError: The deployed network takes another input, or returns something else.
        RuntimeError: The outputs differ by more than rounding.
    """
    args = parser().read(argv)
    check_files(args)
    if args.samples < 1:
        raise ValueError(f'--samples must be at least 1, got {args.samples}')
    found = compared(args)
    for name, value in found.outputs.items():
        print(f'{name}: differs by {value:.1e} of the largest value')
    if found.joints is not None:
        print(f'joints: at most {found.joints:.3g} pixels apart')
    else:
        print(f'classes: {found.predictions} of {found.samples} differ')
    for name, (own, deployed) in found.metrics.items():
        print(f'{name}: {own:.6g} of the checkpoint, {deployed:.6g} deployed')
    if not found.metrics:
        print('metrics: the same')
    if not found.within:
        hint = 'another checkpoint, precision, order of channels or normalisation?'
        raise RuntimeError(f'{args.model} does not answer as {args.checkpoint} does: {hint}')


def compared(args: Any) -> Comparison:
    """What differs on the first samples of the config's test data."""
    from mmrobust.cli.options import parse_options
    from mmrobust.datasets.some import Some
    from mmrobust.engine.deployed_check import Comparison, outputs_apart, predictions_apart
    from mmrobust.engine.exporting import DeployedPart, first_inputs
    from mmrobust.engine.replay import Replay, stock_metrics
    from mmrobust.engine.stock_config import stock_config
    from mmrobust.victims.deployed.config import deployed_model

    played = []
    with TemporaryDirectory() as folder:
        for deployed in (False, True):
            options = parse_options(args.cfg_options)
            cfg = stock_config(args.config, args.checkpoint, options, 4, Path(folder))
            # One that is kept by its name would write to a folder that is gone.
            cfg.visualizer = {'type': 'Visualizer', 'vis_backends': None}
            model = cfg.model
            if deployed:
                cfg.model, cfg.load_from = deployed_model(model, args.model), None
            elif model.get('head') is not None:
                # What is deployed looks once.
                cfg.model.test_cfg = {**(model.get('test_cfg') or {}), 'flip_test': False}
            replay = Replay(cfg)
            whole = replay.runner.build_dataloader(cfg.test_dataloader).dataset
            some = Some(whole, range(min(args.samples, len(whole))))
            metrics = stock_metrics(cfg.test_evaluator) or []
            names = [Path(str(index)) for index in some.indices]
            played.append((replay, replay.play(some, names, metrics), cfg))
    (own, seen, cfg), (foreign, answered, _) = played
    part = DeployedPart(own.runner.model)
    inputs = first_inputs(cfg, own.runner.model, args.samples)
    apart = outputs_apart(part, foreign.runner.model.backbone, inputs)
    return Comparison(apart, len(seen.predictions), **predictions_apart(seen, answered))


if __name__ == '__main__':
    sys.exit(main())
