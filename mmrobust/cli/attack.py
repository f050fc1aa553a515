"""``attack.py CONFIG CHECKPOINT``: attack a model of MMAction2 or MMPose."""

from __future__ import annotations

import argparse
import inspect
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from mmrobust.cli.arguments import Arguments
from mmrobust.cli.inputs import add_arguments, use_input
from mmrobust.cli.reporting import report_errors
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


def parser() -> Arguments:
    """The command's arguments."""
    p = Arguments('attack', 'Attack a model: clean and adversarial results, one pass.')
    p.share('config', 'config of the model; test_dataloader says what is attacked')
    p.share('checkpoint')
    p.share(
        '--attack',
        'an attack by its usual name (pgd, nes, me_sampler, ...; see mmrobust list attacks) '
        'or a config file that defines `attack`; default: the one in CONFIG, else PGD',
    )
    add_arguments(p)
    p.share('--work-dir', 'folder for results; default work_dirs/CONFIG/ATTACK')
    p.add_argument(
        '--space',
        choices=('video', 'view', 'crop', 'image', 'keypoints'),
        help='what is perturbed; default video, for a pose estimator crop, for a 3-D lifter '
        'keypoints',
    )
    p.share('--surrogate')
    p.share('--seed')
    p.share('--max-samples')
    p.share('--save-adv', 'save the adversarial videos or pictures, lossless')
    p.share('--batch-size', "default: the config's; in image space always one picture")
    p.share('--device')
    p.share('--resume')
    p.add_argument(
        '--strict', action='store_true', help='stop at a video or picture that fails to load'
    )
    p.add_argument('--launcher', choices=tuple(LAUNCHED_WITH), default='none')
    p.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)
    p.share(
        '--cfg-options',
        'override the config, e.g. attack.threat.eps=4 attack.steps=20 victim.memory_limit=8',
    )
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    return report_errors(run, sys.argv[1:] if argv is None else argv)


def run(argv: Sequence[str]) -> None:
    """Attack as the command's arguments say."""
    args = parser().read(argv)
    choose_device(args.device)
    attack_with(args)


def run_with(
    config: str, checkpoint: str, *, overrides: Mapping[str, Any], given: Mapping[str, Any]
) -> None:
    """Attack as the command does, from Python.

    Args:
        config: Path of the model's config.
        checkpoint: Path or URL of its weights.
        overrides: Of the config, by dotted keys.
        given: The command's other arguments by name, such as ``work_dir``.
    """
    args = parser().parse_args([config, checkpoint])
    for name, value in given.items():
        setattr(args, name, value)
    args.cfg_options = overrides
    attack_with(args)


def attack_with(args: argparse.Namespace) -> None:
    """Attack as the arguments say, on the device that mmengine finds."""
    check_launcher(args.launcher)
    from mmengine.runner import Runner

    from mmrobust.engine.artifacts import check_writable
    from mmrobust.io.model_config import check_model
    from mmrobust.ledger.lock import alone_in

    if args.launcher != 'none':
        os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    check_files(args)
    cfg = build_config(args)
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

    check_file(args.config, 'CONFIG')
    swapped = args.checkpoint.endswith(SUFFIXES)
    check_suffix(args.config, 'CONFIG', ': CONFIG comes first, then CHECKPOINT' if swapped else '')
    if '://' not in args.checkpoint:
        check_file(args.checkpoint, 'CHECKPOINT')


def check_keys(overrides: dict[str, Any], cfg: Any) -> None:
    """Refuse options whose first word neither the config nor mmengine's Runner knows."""
    from mmengine.runner import Runner

    known = {*cfg.keys(), *inspect.signature(Runner).parameters, 'custom_imports'}
    for key in overrides:
        if key.split('.')[0] not in known:
            word = key.split('.')[0]
            raise ValueError(f'--cfg-options: no key {word!r}: {suggestion(word, known)}')


def loop_config(args: argparse.Namespace, cfg: Any) -> dict[str, Any]:
    """The attack loop's config; takes attack, victim and settings out of ``cfg``."""
    parts = {name: cfg.pop(name) for name in ('attack', 'victim', 'settings')}
    for name, value in parts.items():
        if not isinstance(value, dict):
            raise ValueError(f'{name} must be a dict of options, got {shown(value)}')
    given = {name: getattr(args, name) for name in ('seed', 'max_samples', 'save_adv')}
    settings = {name: value for name, value in given.items() if value is not None}
    settings |= {name: True for name in ('resume', 'strict') if getattr(args, name)}
    space = {'space': args.space} if args.space else {}
    surrogate = cfg.pop('surrogate', None)
    if args.surrogate:
        surrogate = dict(zip(('config', 'checkpoint'), args.surrogate, strict=True))
    return {
        'type': 'mmrobust.AttackTestLoop',
        'attack': dict(parts['attack']),
        'victim': dict(parts['victim']) | space,
        'surrogate': surrogate,
        'settings': dict(parts['settings']) | settings,
        'fp16': (cfg.get('test_cfg') or {}).get('fp16', False),
    }


def build_config(args: argparse.Namespace) -> Any:
    """The user's config with the attack wired in; its model stays as it is."""
    import torch

    from mmrobust.cli.options import import_named, parse_options
    from mmrobust.cli.targets import numbered
    from mmrobust.engine.attack_configs import attack_config, check_options
    from mmrobust.engine.option_kinds import check_kinds
    from mmrobust.io.configs import read_config

    cfg = read_config(args.config, 'CONFIG')
    overrides = parse_options(args.cfg_options)
    import_named(overrides)
    own = cfg.get('test_cfg') or {}
    for name in ('attack', 'victim', 'surrogate', 'settings'):
        if name in own and 'AttackTestLoop' in str(own.get('type')):
            cfg.setdefault(name, own[name])
    if args.attack or 'attack' not in cfg:
        cfg['attack'] = attack_config(args.attack or 'PGD', '--attack')
    file, given = attack_file(args), attack_config(cfg.attack)
    cfg.victim, cfg.settings = cfg.get('victim', {}), cfg.get('settings', {})
    check_keys(overrides, cfg)
    cfg.merge_from_dict(overrides)
    check_kinds(cfg)
    cfg.attack = numbered(attack_config(cfg.attack), cfg)
    check_options(cfg.attack.to_dict(), given, file)
    cfg.test_cfg = loop_config(args, cfg)
    if 'test_dataloader' not in cfg:
        raise ValueError(f'CONFIG {args.config} must have a test_dataloader')
    use_input(cfg, args)
    if args.batch_size is not None:
        if args.batch_size < 1:
            raise ValueError(f'--batch-size must be at least 1, got {args.batch_size}')
        cfg.test_dataloader.batch_size = args.batch_size
    cfg.work_dir = args.work_dir or f'work_dirs/{Path(args.config).stem}/{folder_name(args, cfg)}'
    # The table and the progress say it; log_level=INFO brings mmengine's log back.
    if 'log_level' not in overrides:
        cfg.log_level = 'WARNING'
    cfg.load_from, cfg.resume, cfg.launcher = args.checkpoint, False, args.launcher
    if args.launcher != 'none' and not torch.cuda.is_available():
        cfg.merge_from_dict({'env_cfg.dist_cfg.backend': 'gloo'})
    return cfg


def attack_file(args: argparse.Namespace) -> str:
    """The file that the attack's options stand in, as messages name it; '' for an attack's name."""
    from mmrobust.io.configs import SUFFIXES

    if not args.attack:
        return f'CONFIG {args.config}'
    if not isinstance(args.attack, str):
        return ''
    return f'--attack {args.attack}' if args.attack.endswith(SUFFIXES) else ''


def folder_name(args: argparse.Namespace, cfg: Any) -> str:
    """What the attack's results are called: as a shipped config or a file, else as its class."""
    from mmrobust.engine.attack_configs import shipped
    from mmrobust.io.configs import SUFFIXES

    if args.attack in shipped():
        return str(args.attack)
    if args.attack and args.attack.endswith(SUFFIXES):
        return Path(args.attack).stem
    kind = cfg.test_cfg.attack.type
    return (kind if isinstance(kind, str) else kind.__name__).split('.')[-1].lower()


if __name__ == '__main__':
    sys.exit(main())
