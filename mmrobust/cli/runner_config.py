"""What commands that run a config's test share: device, launcher, files and the runner's config."""

from __future__ import annotations

import argparse
import inspect
import os
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from mmrobust.functional.checks import shown, suggestion
from mmrobust.io.devices import check_gpu, number_of

# What a launcher leaves in the environment of the processes that it starts, and its command.
LAUNCHED_WITH: dict[str, tuple[str, ...]] = {
    'none': (),
    'pytorch': ('RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT'),
    'slurm': ('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_NODELIST'),
    'mpi': ('OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE', 'MASTER_ADDR'),
}
STARTERS = {'pytorch': 'torchrun', 'slurm': 'srun', 'mpi': 'mpirun'}


def add_launcher(p: argparse.ArgumentParser) -> None:
    """The arguments of runs in several processes."""
    p.add_argument('--launcher', choices=tuple(LAUNCHED_WITH), default='none')
    p.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


def run_test(args: argparse.Namespace, build: Callable[[argparse.Namespace], Any]) -> None:
    """Run the test of the config that ``build`` makes, on the device that mmengine finds."""
    check_launcher(args.launcher)
    from mmengine.runner import Runner

    from mmrobust.engine.artifacts import check_writable
    from mmrobust.io.model_config import check_model
    from mmrobust.ledger.lock import alone_in

    if args.launcher != 'none':
        os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    check_files(args)
    cfg = build(args)
    check_model(cfg.model)
    folder = Path(cfg.work_dir)
    check_writable(folder)
    # Here already, before mmengine writes its own files; launched processes share the folder.
    with alone_in(folder) if args.launcher == 'none' else nullcontext():
        Runner.from_cfg(cfg).test()


def choose_device(device: str | None) -> None:
    """Make ``device`` the one that the process sees, a command's own; before torch looks."""
    if device is None:
        return
    visible = number_of(device, '--device')
    if visible is not None:
        os.environ['CUDA_VISIBLE_DEVICES'] = visible
    # Of those that are visible, it is the first.
    check_gpu(device, '--device')


def check_launcher(launcher: str) -> None:
    """A launcher must have started the command, and left word of it."""
    missing = [name for name in LAUNCHED_WITH[launcher] if name not in os.environ]
    if missing:
        starter = STARTERS[launcher]
        raise ValueError(
            f'--launcher {launcher} needs {missing[0]} in the environment: start the command '
            f'with {starter}, or leave --launcher out'
        )


def check_files(args: argparse.Namespace) -> None:
    """Config and checkpoint must exist (a checkpoint may be a URL)."""
    from mmrobust.io.configs import SUFFIXES, check_file, check_suffix
    from mmrobust.victims.deployed.config import is_function

    check_file(args.config, 'CONFIG')
    swapped = args.checkpoint.endswith(SUFFIXES)
    check_suffix(args.config, 'CONFIG', ': CONFIG comes first, then CHECKPOINT' if swapped else '')
    black_box = getattr(args, 'black_box', False)
    if '://' not in args.checkpoint and not (black_box and is_function(args.checkpoint)):
        check_file(args.checkpoint, 'CHECKPOINT')


def use_black_box(cfg: Any, args: argparse.Namespace) -> None:
    """Put what is deployed in the place of the config's network, if the command line says so."""
    from mmrobust.victims.deployed.config import deployed_model

    if args.black_box:
        cfg.model = deployed_model(cfg.model, args.checkpoint)


def check_keys(overrides: dict[str, Any], cfg: Any) -> None:
    """Refuse options whose first word neither the config nor mmengine's Runner knows."""
    from mmengine.runner import Runner

    known = {*cfg.keys(), *inspect.signature(Runner).parameters, 'custom_imports'}
    for key in overrides:
        if key.split('.')[0] not in known:
            word = key.split('.')[0]
            raise ValueError(f'--cfg-options: no key {word!r}: {suggestion(word, known)}')


def check_parts(parts: dict[str, Any]) -> None:
    """Refuse a part of the config, such as ``victim``, that is no dict of options."""
    for name, value in parts.items():
        if not isinstance(value, dict):
            raise ValueError(f'{name} must be a dict of options, got {shown(value)}')


def settings_of(args: argparse.Namespace, *names: str) -> dict[str, Any]:
    """Settings of the run that the command line names."""
    given = {name: getattr(args, name) for name in ('seed', 'max_samples', *names)}
    found = {name: value for name, value in given.items() if value is not None}
    return found | {name: True for name in ('resume', 'strict') if getattr(args, name)}


def check_data(cfg: Any, args: argparse.Namespace) -> None:
    """The config must say what is tested."""
    if 'test_dataloader' not in cfg:
        raise ValueError(f'CONFIG {args.config} must have a test_dataloader')


def finish(cfg: Any, args: argparse.Namespace, overrides: dict[str, Any], name: str) -> None:
    """Batch size, folder, weights and launcher, as the command line says.

    Args:
        cfg: The config, with its loop.
        args: The command line.
        overrides: Of the config, by dotted keys.
        name: Of the results' folder, where the command line names none.
    """
    import torch

    if args.batch_size is not None:
        if args.batch_size < 1:
            raise ValueError(f'--batch-size must be at least 1, got {args.batch_size}')
        cfg.test_dataloader.batch_size = args.batch_size
    cfg.work_dir = args.work_dir or f'work_dirs/{Path(args.config).stem}/{name}'
    # The table and the progress say it; log_level=INFO brings mmengine's log back.
    if 'log_level' not in overrides:
        cfg.log_level = 'WARNING'
    # What is deployed has no weights that mmengine could load.
    cfg.load_from = None if getattr(args, 'black_box', False) else args.checkpoint
    cfg.resume, cfg.launcher = False, args.launcher
    if args.launcher != 'none' and not torch.cuda.is_available():
        cfg.merge_from_dict({'env_cfg.dist_cfg.backend': 'gloo'})
