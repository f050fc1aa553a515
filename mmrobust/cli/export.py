"""``mmrobust export CONFIG CHECKPOINT -o X.onnx``: the network of a model, to be deployed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from mmrobust.cli.arguments import Arguments
from mmrobust.cli.reporting import report_errors
from mmrobust.cli.runner_config import check_files


def parser() -> Arguments:
    """The command's arguments."""
    what = 'Write the network of a recogniser or top-down pose estimator as an ONNX file.'
    p = Arguments('export', what)
    p.share('config')
    p.share('checkpoint')
    p.add_argument('-o', '--output', required=True, metavar='X.onnx', help='file to write')
    p.add_argument('--overwrite', action='store_true', help='replace a file that is there')
    p.share('--cfg-options')
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    return report_errors(run, sys.argv[1:] if argv is None else argv)


def run(argv: Sequence[str]) -> None:
    """Export as the arguments say.

    Raises:
        ValueError: The model is of another kind, or the file answers otherwise than the model.
    """
    args = parser().read(argv)
    path = Path(args.output)
    if path.suffix != '.onnx':
        raise ValueError(f'--output must be a file X.onnx, got {args.output}')
    if path.exists() and not args.overwrite:
        raise ValueError(f'--output: {path} is there already; --overwrite replaces it')
    if not path.parent.is_dir():
        raise ValueError(f'--output must be in a folder that is there, got {path.parent}')
    check_files(args)

    from mmrobust.cli.options import parse_options
    from mmrobust.engine.deployed_check import BOUND, outputs_apart
    from mmrobust.engine.exporting import DeployedPart, export_onnx, first_inputs
    from mmrobust.engine.models import load_model
    from mmrobust.io.configs import read_config
    from mmrobust.victims.deployed.network import ForeignNetwork

    cfg = read_config(args.config, 'CONFIG')
    if 'test_dataloader' not in cfg:
        raise ValueError(f'CONFIG {args.config} must have a test_dataloader')
    model = load_model(cfg, args.checkpoint, overrides=parse_options(args.cfg_options))
    part = DeployedPart(model)
    inputs = first_inputs(cfg, model, 3)
    written = path.with_suffix('.part.onnx')
    try:
        export_onnx(part, inputs, written)
        network = ForeignNetwork({'type': 'OnnxRuntime', 'path': str(written)})
        apart = outputs_apart(part, network, inputs)
        if not max(apart.values()) <= BOUND:
            raise ValueError(
                f'the exported file must answer as the model does, within {BOUND:g} of the largest '
                f'output; they differ by {apart}'
            )
        written.replace(path)
    finally:
        written.unlink(missing_ok=True)
    shape = ' x '.join(map(str, ('N', *inputs.shape[1:])))
    print(f'{path}: input {shape}, as the data preprocessor of CONFIG makes it')
    for name, value in apart.items():
        print(f'{name}: within {value:.1e} of the model on {len(inputs)} samples')
    print(f'attack it: mmrobust attack {args.config} {path} --black-box --attack square')


if __name__ == '__main__':
    sys.exit(main())
