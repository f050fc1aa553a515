"""``card.py CONFIG CHECKPOINT``: natural corruptions beside attacks, on one page."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from mmrobust.cli import attack, corrupt
from mmrobust.cli.arguments import Arguments
from mmrobust.cli.inputs import add_arguments
from mmrobust.cli.reporting import report_errors
from mmrobust.cli.runner_config import check_files, choose_device, run_test
from mmrobust.evaluation.card_files import CORRUPTIONS

STANDARD, QUICK = 'standard', 'quick'
# What these are of skeletons, which have other kinds of corruption and other budgets.
OF_SKELETONS = {STANDARD: 'skeleton', QUICK: 'skeleton_quick'}
# By the registered victim: the space of an attack whose config names none.
SPACES = {'ActionVictim': 'video', 'SkeletonVictim': 'track'}
# What attacks change in these a file can carry.
SAVABLE = ('video', 'image', 'track')
# Arguments that every part of a card gets as they are.
PASSED = ('input', 'boxes', 'seed', 'batch_size', 'resume', 'cfg_options')


def parser() -> Arguments:
    """The command's arguments."""
    what = 'How far to trust a model: natural corruptions and attacks on one page.'
    p = Arguments('card', what, 'robustness.py')
    p.share('config', 'config of the model; test_dataloader says what is tested')
    p.share('checkpoint')
    p.add_argument(
        '--card',
        metavar='NAME|FILE',
        help=f'what it holds: {STANDARD}, {QUICK}, or a config file that defines `card`; '
        f'default {STANDARD}; of skeletons the two have kinds and budgets of joints',
    )
    p.add_argument('--quick', action='store_true', help=f'the same as --card {QUICK}')
    add_arguments(p)
    p.share('--work-dir', 'folder for the card and its runs; default work_dirs/CONFIG/card')
    p.share('--save', 'keep the corrupted and the adversarial samples in DIR, for mmrobust verify')
    p.share('--seed', 'seed of corruptions and attacks; default 0')
    p.share('--max-samples', 'only the first N samples')
    p.share('--batch-size')
    p.share('--device')
    p.share('--resume', 'go on from the ledgers in the work dir')
    p.share('--cfg-options', 'override the config, e.g. test_dataloader.num_workers=2')
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    return report_errors(run, sys.argv[1:] if argv is None else argv)


def run(argv: Sequence[str]) -> None:
    """Do every run of the card that is not done yet, and put them on one page."""
    args = parser().read(argv)
    choose_device(args.device)
    from mmrobust.cli.options import overridden
    from mmrobust.engine.raw_data import kind_of_model
    from mmrobust.engine.saved_cells import told
    from mmrobust.evaluation.card import card_of
    from mmrobust.evaluation.card_files import FILE
    from mmrobust.ledger.finished import finished_part
    from mmrobust.ledger.lock import alone_in
    from mmrobust.ledger.set_aside import set_aside
    from mmrobust.visualization.card import print_card, write_card

    if args.quick and args.card not in (None, QUICK):
        raise ValueError(f'--quick must be left out with --card {args.card}')
    check_files(args)
    cfg = overridden(args.config, 'CONFIG', args.cfg_options)
    kind = kind_of_model(cfg)
    holds = _held(QUICK if args.quick else args.card or STANDARD, kind)
    space = (cfg.get('victim') or {}).get('space', SPACES.get(kind, 'crop'))
    folder = Path(args.work_dir or f'work_dirs/{Path(args.config).stem}/card')
    parts = _parts(args, holds, folder, space)
    with alone_in(folder):
        if not args.resume:
            set_aside(folder / name for name in (FILE, 'card.html'))
        for number, (name, (build, given)) in enumerate(parts.items(), 1):
            print(f'\ncard, part {number} of {len(parts)}: {name}', flush=True)
            # Its table is in its own report; progress is on the other stream.
            with redirect_stdout(io.StringIO()):
                run_test(given, build)
        corrupted, lines = finished_part(folder / CORRUPTIONS)
        attacks = {name: finished_part(folder / name) for name in parts if name != CORRUPTIONS}
        card = card_of(corrupted, lines, attacks, holds['left_out'])
        write_card(folder, card)
        print_card(card)
        print(f'\ncard: {folder / "card.html"}')
        if corrupted['saved']:
            print(told(corrupted['saved']))
        for name, (report, _) in attacks.items():
            if report['adversarial_videos']:
                print(f'saved, {name}: {report["adversarial_videos"]}')


def _held(name: str, kind: str) -> dict[str, Any]:
    """What the card of a registered victim holds; what it leaves out is printed."""
    from mmrobust.evaluation.card_files import card_config

    found = card_config(OF_SKELETONS.get(name, name) if kind == 'SkeletonVictim' else name)
    for left, why in found['left_out'].items():
        print(f'left out: {left}: {why}')
    if kind == 'ActionVictim':
        found['attacks'] = {**found['attacks'], **found['attacks_on_videos']}
    return found


Part = tuple[Any, argparse.Namespace]


def _parts(
    args: argparse.Namespace, holds: Mapping[str, Any], folder: Path, space: str
) -> dict[str, Part]:
    """Name of each run -> what makes its config, and the command line that it is given.

    All of them are made once here: what a run refuses, no other run is waited for.
    """
    from mmrobust.engine.attack_configs import attack_config

    shared = {name: getattr(args, name) for name in PASSED}
    few = holds.get('max_samples') if args.max_samples is None else args.max_samples
    shared |= {'max_samples': few}
    words = corrupt.parser().parse_args([args.config, args.checkpoint])
    own = {key: holds[key] for key in ('corruptions', 'severities', 'control') if key in holds}
    own |= {'save': _inside(args.save, CORRUPTIONS)}
    parts: dict[str, Part] = {
        CORRUPTIONS: (corrupt.build_config, _given(words, folder / CORRUPTIONS, shared | own))
    }
    savable = space in SAVABLE
    if args.save and not savable:
        print(f'--save: what attacks change in space {space} no file can carry: they are not saved')
    for name, options in holds['attacks'].items():
        words = attack.parser().parse_args([args.config, args.checkpoint])
        chosen = {'attack': attack_config(options, f'card.attacks.{name}')}
        adversarial = {'save_adv': _inside(args.save, name) if savable else None}
        given = _given(words, folder / name, shared | chosen | adversarial)
        parts[name] = attack.build_config, given
    for build, given in parts.values():
        build(given)
    return parts


def _inside(folder: str | None, name: str) -> str | None:
    return None if folder is None else str(Path(folder) / name)


def _given(
    words: argparse.Namespace, folder: Path, options: Mapping[str, Any]
) -> argparse.Namespace:
    for name, value in options.items():
        setattr(words, name, value)
    words.work_dir = str(folder)
    return words


if __name__ == '__main__':
    sys.exit(main())
