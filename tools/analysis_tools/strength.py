"""How strong the attacks are: what each leaves of a victim that was trained to withstand them.

``images``: a small network for MNIST, adversarially trained, with AutoAttack beside where
pyautoattack is installed. ``victim``: any config and checkpoint, at one or more budgets. Every
attack starts from the same samples; who leaves what, at which cost, and which samples two of
them do not agree on is printed. See docs/strength.md for where networks come from.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from strength_images import auto_attack, read_images, small_network

import mmrobust as mr
from mmrobust.evaluation.summary import share
from mmrobust.visualization.formatting import percent
from mmrobust.visualization.terminal import numbers_table, print_numbers

LONG = {'type': 'PGD', 'steps': 100, 'step_size': 0.1, 'restarts': 5}
ARMS: dict[str, dict[str, Any]] = {
    'pgd-10': {'type': 'PGD'},
    'pgd-100x5': LONG,
    'pgd-100x5-margin': LONG | {'goal': {'loss': 'margin'}},
    'quick': {'type': 'WorstCase', 'preset': 'quick'},
    'standard': {'type': 'WorstCase', 'preset': 'standard'},
    'thorough': {'type': 'WorstCase', 'preset': 'thorough'},
}


@dataclass(frozen=True)
class Result:
    """What an attack left.

    Attributes:
        name: Of the attack.
        stands: Of each sample, whether it is right when clean and was not fooled.
        calls: Mean forwards and backwards of the attacked; None where nobody counts.
        most: Of the sample that they were most for.
        seconds: Of it all.
    """

    name: str
    stands: list[bool]
    calls: float | None
    most: int | None
    seconds: float


def main() -> int:
    """Run what the arguments say."""
    shared = argparse.ArgumentParser(add_help=False)
    words = f'default: {", ".join(ARMS)}'
    shared.add_argument(
        '--arms', nargs='+', choices=ARMS, default=list(ARMS), metavar='ARM', help=words
    )
    parser = argparse.ArgumentParser(description=__doc__)
    kinds = parser.add_subparsers(dest='kind', required=True)
    images = kinds.add_parser('images', parents=[shared])
    images.add_argument('network', type=Path, help='weights of the small network for MNIST')
    images.add_argument('images', type=Path, help='t10k-images-idx3-ubyte.gz')
    images.add_argument('labels', type=Path, help='t10k-labels-idx1-ubyte.gz')
    images.add_argument('--number', type=int, default=200, help='the first N images')
    images.add_argument('--eps', type=float, default=0.3, help='of values 0..1')
    images.add_argument('--auto-attack', nargs='*', default=['apgd-ce', 'apgd-t'], metavar='MEMBER')
    victim = kinds.add_parser('victim', parents=[shared])
    victim.add_argument('config')
    victim.add_argument('checkpoint')
    victim.add_argument('--eps', type=float, nargs='+', required=True, help='grey levels')
    victim.add_argument('--number', type=int, help='the first N samples')
    victim.add_argument('--work-dir', type=Path, required=True, help='keeps finished runs')
    args = parser.parse_args()
    (on_images if args.kind == 'images' else on_victim)(args)
    return 0


def on_images(args: argparse.Namespace) -> None:
    """The network for MNIST, at one budget, in floating point as AutoAttack takes it."""
    network = small_network(args.network)
    pixels, labels = read_images(args.images, args.labels, args.number)
    victim = mr.FunctionVictim(network, bounds=(0.0, 1.0), dtype=torch.float32)
    with torch.no_grad():
        right = network(pixels).argmax(dim=1) == labels

    def run(options: dict[str, Any]) -> tuple[list[bool], list[int]]:
        goal = mr.Misclassify(**options.get('goal', {}))
        own = {key: value for key, value in options.items() if key not in ('type', 'goal')}
        attack = getattr(mr, options['type'])(mr.Linf(args.eps), goal, **own)
        found = attack(victim, pixels, labels)
        calls = [one.forwards + one.backwards for one in found if one.attacked]
        return [bool(r) and not one.success for r, one in zip(right, found, strict=True)], calls

    results = [timed(name, run, ARMS[name]) for name in args.arms]
    if args.auto_attack:
        began = time.perf_counter()
        stands = auto_attack(network, pixels, labels, args.eps, args.auto_attack)
        if stands is not None:
            seconds = time.perf_counter() - began
            results.append(Result('AutoAttack', stands, None, None, seconds))
    report(f'{len(pixels)} images, {int(right.sum())} right, l_inf {args.eps:g}', results)


def on_victim(args: argparse.Namespace) -> None:
    """A config and a checkpoint, at each budget; finished runs are read, not repeated."""
    for eps in args.eps:
        results = []
        for name in args.arms:
            folder = args.work_dir / f'eps{eps:g}' / name
            results.append(timed(name, partial(_finished, args, eps, folder), ARMS[name]))
        count = len(results[0].stands)
        report(f'{Path(args.config).stem}, {count} samples, l_inf {eps:g}', results)


def _finished(
    args: argparse.Namespace, eps: float, folder: Path, options: dict[str, Any]
) -> tuple[list[bool], list[int]]:
    """What a run of the victim left, and its calls."""
    attack = options | {'threat': {'type': 'Linf', 'eps': eps}}
    more = {} if args.number is None else {'max_samples': args.number}
    mr.evaluate(args.config, args.checkpoint, attack=attack, work_dir=folder, resume=True, **more)
    rows = [json.loads(line) for line in (folder / 'results.jsonl').read_text().splitlines()]
    rows.sort(key=lambda row: row['index'])
    calls = [row['forwards'] + row['backwards'] for row in rows if row['attacked']]
    return [row['attacked'] and not row['success'] for row in rows], calls


def timed(
    name: str, run: Callable[[dict[str, Any]], tuple[list[bool], list[int]]], options: Any
) -> Result:
    """The result of an arm, with its time."""
    began = time.perf_counter()
    stands, calls = run(options)
    mean = sum(calls) / len(calls) if calls else None
    seconds = time.perf_counter() - began
    print(f'{name}: {sum(stands)} of {len(stands)} left, {seconds:.0f} s', flush=True)
    return Result(name, stands, mean, max(calls, default=None), seconds)


def report(title: str, results: Sequence[Result]) -> None:
    """The table, and on which samples each differs from the one that left least."""
    console, cells = Console(), []
    for one in results:
        found = share('left', sum(one.stands), len(one.stands))
        low, high = (percent(found[f'left_{end}']) for end in ('low', 'high'))
        calls = '-' if one.calls is None else f'{one.calls:.0f} ({one.most})'
        cells.append(
            [one.name, percent(found['left']), f'{low} to {high}', calls, f'{one.seconds:.0f}']
        )
    console.print(f'\n{title}\n')
    columns = ('attack', 'left', '95 % interval', 'calls (most)', 'seconds')
    print_numbers(console, numbers_table(columns, cells))
    best = min(results, key=lambda one: sum(one.stands))
    for one in results:
        pairs = list(zip(one.stands, best.stands, strict=True))
        missed = [i for i, (own, least) in enumerate(pairs) if own and not least]
        ahead = [i for i, (own, least) in enumerate(pairs) if least and not own]
        if one is not best and (missed or ahead):
            print(f'{one.name} against {best.name}: misses {missed}, breaks besides {ahead}')


if __name__ == '__main__':
    sys.exit(main())
