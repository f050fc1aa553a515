"""``attack.py CONFIG CHECKPOINT``: attack a model of MMAction2 or MMPose."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
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
    use_black_box,
)


def parser() -> Arguments:
    """The command's arguments."""
    p = Arguments('attack', 'Attack a model: clean and adversarial results, one pass.')
    p.share('config', 'config of the model; test_dataloader says what is attacked')
    p.share('checkpoint')
    p.share('--black-box')
    p.share(
        '--attack',
        'an attack by its usual name (pgd, nes, me_sampler, ...; see mmrobust list attacks) '
        'or a config file that defines `attack`; default: the one in CONFIG, else PGD',
    )
    add_arguments(p)
    p.share('--work-dir', 'folder for results; default work_dirs/CONFIG/ATTACK')
    p.add_argument(
        '--space',
        choices=('video', 'view', 'crop', 'image', 'keypoints', 'track'),
        help='what is perturbed; default video, for a pose estimator crop, for a 3-D lifter '
        'keypoints, for a recogniser of skeletons track',
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
    add_launcher(p)
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
    run_test(args, build_config)


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
    run_test(args, build_config)


def loop_config(args: argparse.Namespace, cfg: Any) -> dict[str, Any]:
    """The attack loop's config; takes attack, victim and settings out of ``cfg``."""
    parts = {name: cfg.pop(name) for name in ('attack', 'victim', 'settings')}
    check_parts(parts)
    settings = settings_of(args, 'save_adv')
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
    use_black_box(cfg, args)
    cfg.attack = numbered(attack_config(cfg.attack), cfg)
    check_options(cfg.attack.to_dict(), given, file)
    cfg.test_cfg = loop_config(args, cfg)
    check_data(cfg, args)
    use_input(cfg, args)
    # From Python an attack may have no name, but there is a folder then.
    finish(cfg, args, overrides, '' if args.work_dir else folder_name(args, cfg))
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
