"""Attacks on optical-flow recognisers: the paper's table, figures and claims.

    python projects/optical_flow_attack/reproduce.py --quick
    python projects/optical_flow_attack/reproduce.py [--weizmann FOLDER]

Inkawhich, Inkawhich, Chen, Li 2018, arXiv:1811.11875, on the embedded videos and
on clips of the Weizmann set (FOLDER with the strips; people split as in
tools/data/prepare_weizmann.py). Fine-tunes the small FlowNet2 member on TV-L1
flow, trains one flow CNN per backend (FlowNet2, TV-L1, Farneback), attacks the
FlowNet2 one white box at stack and video level and carries the attacks over to
the others. Everything that is made stays under --work-dir and is used again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import torch  # noqa: E402
from mmengine.config import Config  # noqa: E402

import mmrobust  # noqa: E402
from mmrobust.cli import sweep, transfer  # noqa: E402
from mmrobust.cli.resuming import resumed  # noqa: E402
from mmrobust.ledger.ledger import read_entries  # noqa: E402
from mmrobust.processes import end_with_parent  # noqa: E402
from projects.optical_flow_attack.claims import claims  # noqa: E402
from projects.optical_flow_attack.claims_transfer import carried  # noqa: E402
from projects.optical_flow_attack.prepare import WHITE, DataSet, Effort  # noqa: E402
from projects.optical_flow_attack.samples import measured  # noqa: E402
from projects.optical_flow_attack.tables import tables  # noqa: E402

BACKENDS = (WHITE, 'TVL1', 'Farneback')
ATTACKS = ('OneShot', 'IterativeSaliency', 'IterativeSaliencyRG')
LEVELS = ('stack', 'video')
# The paper: RG stops when the black box is fooled, one-shot needs no such test.
CARRIED = {'OneShot': 'source', 'IterativeSaliencyRG': 'target'}
# What is measured on a data set, the longest first, and how many such parts run at once.
PARTS = [('transfer', attack) for attack in reversed(CARRIED)]
PARTS += [(level, attack) for attack in reversed(ATTACKS) for level in LEVELS]
PROCESSES = 2
# Of the range 0..1, as the paper gives them.
EPS = (0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.035)
QUICK = (0.005, 0.035)


def grey(eps: tuple[float, ...]) -> tuple[float, ...]:
    """Budgets in grey levels."""
    return tuple(round(255 * value, 4) for value in eps)


def effort(name: str, quick: bool) -> Effort:
    """How much is spent on a data set."""
    if quick:
        # Victims that have learned next to nothing: any prediction is attacked.
        eps = grey(QUICK)
        return Effort(10, 20, 2, samples=4, carried=4, whole=2, eps=eps, reference='prediction')
    if name == 'weizmann':
        return Effort(0, tuning=4000, epochs=8, samples=200, carried=200, whole=8, eps=grey(EPS))
    return Effort(240, tuning=4000, epochs=10, samples=64, carried=32, whole=24, eps=grey(EPS))


def options(data: DataSet, backend: str, level: str) -> dict[str, Any]:
    """What an attack config has to be told."""
    model = {f'model.flow_estimator.{k}': v for k, v in data.estimator(backend).items()}
    return model | data.data_options(level)


def white_box(data: DataSet, level: str, attack: str) -> dict[str, Any]:
    """An attack at every budget on the FlowNet2 victim; its sweep.json, and more."""
    limit = data.effort.samples if level == 'stack' else data.effort.whole
    out = data.folder / f'{level}_{attack.lower()}'
    given = options(data, WHITE, level)
    given['attack.goal.reference'] = data.effort.reference
    if level == 'video' and attack != 'OneShot':
        given['attack.level'] = 'video'
    arguments = [data.config(level), data.checkpoint(WHITE), '--attack', attack]
    arguments += ['--work-dir', out, '--max-samples', limit, '--eps', *data.effort.eps]
    arguments += ['--cfg-options', *(f'{k}={v}' for k, v in given.items())]
    resumed(sweep.run, arguments)
    found: dict[str, Any] = json.loads((out / 'sweep.json').read_text())
    found['rows'] = [samples(out / f'eps{eps:.12g}', limit) for eps in data.effort.eps]
    return found


def samples(folder: Path, limit: int) -> list[dict[str, Any]]:
    """Lines of a ledger, of which only the first may be what this run is about."""
    entries = read_entries(folder)
    return [entries[index] for index in sorted(entries) if index < limit]


def carried_over(data: DataSet, attack: str) -> dict[str, Any]:
    """An attack carried from the FlowNet2 victim to all; its transfer.json."""
    # OpenCV's TV-L1 for every candidate is what takes the time here.
    eps = data.effort.eps
    carried = sorted({eps[0], eps[len(eps) // 2], eps[-1]})
    cfg = Config.fromfile(data.config('stack'))
    cfg.merge_from_dict(data.data_options('stack'))
    victims = {
        backend: {
            'config': str(data.config('stack')),
            'checkpoint': str(data.checkpoint(backend)),
            'overrides': options(data, backend, 'stack'),
        }
        for backend in BACKENDS
    }
    spec = {
        'data': cfg.test_dataloader.to_dict(),
        'victims': victims,
        'sources': [WHITE],
        'attacks': {attack: {'type': attack, 'goal': {'reference': data.effort.reference}}},
        'eps': carried,
        'success_on': CARRIED[attack],
    }
    out = data.folder / f'transfer_{attack.lower()}'
    path = out.with_suffix('.py')
    Config(spec).dump(path)
    resumed(transfer.run, [path, '--work-dir', out, '--max-samples', data.effort.carried])
    found: dict[str, Any] = json.loads((out / 'transfer.json').read_text())
    found['rows'] = [e for e in read_entries(out).values() if e['sample'] < data.effort.carried]
    return found


def prepare(data: DataSet) -> None:
    """What all parts need; in a process of its own."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    data.prepare(BACKENDS)


def measure(data: DataSet, kind: str, attack: str) -> dict[str, Any]:
    """One of PARTS; in a process of its own."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    return carried_over(data, attack) if kind == 'transfer' else white_box(data, kind, attack)


def reproduce(sets: Sequence[DataSet]) -> str:
    """Everything for these data sets, two parts at a time; the text that is printed at the end."""
    began = time.perf_counter()
    found: dict[tuple[str, str, str], Future[Any]] = {}
    with ProcessPoolExecutor(PROCESSES, get_context('spawn'), end_with_parent) as pool:
        prepared = {pool.submit(prepare, data): data for data in sets}
        for done in as_completed(prepared):
            done.result()
            data = prepared[done]
            for part in PARTS:
                found[data.name, *part] = pool.submit(measure, data, *part)
    texts = []
    for data in sets:

        def of(kind: str, attacks: Iterable[str], name: str = data.name) -> dict[str, Any]:
            return {attack: found[name, kind, attack].result() for attack in attacks}

        levels = {level: of(level, ATTACKS) for level in LEVELS}
        moved = of('transfer', CARRIED)
        text = f'## {data.name}\n\n{tables(levels, moved)}\n{verdicts(data, levels, moved)}\n'
        (data.folder / 'results.md').write_text(text)
        texts.append(f'{text}\nfigures: {data.folder}/*/sweep.html, transfer.html\n')
    minutes = (time.perf_counter() - began) / 60
    return '\n'.join([*texts, f'{minutes:.1f} minutes this time'])


def verdicts(data: DataSet, levels: dict[str, Any], moved: dict[str, Any]) -> str:
    """The claims, of what the ledgers hold."""
    by_level = {
        level: {attack: measured(found['rows']) for attack, found in sweeps.items()}
        for level, sweeps in levels.items()
    }
    by_target = {attack: carried(found['rows'], WHITE) for attack, found in moved.items()}
    classes = Config.fromfile(data.config('stack')).model.cls_head.num_classes
    return claims(by_level, by_target, data.effort.eps, classes)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--quick', action='store_true', help='small enough for CI; proves nothing')
    parser.add_argument('--weizmann', type=Path, help='folder with the strips: 0, 1, 3, 4')
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/optical_flow_attack'))
    args = parser.parse_args()
    mmrobust.compat.heal()
    folder = args.work_dir / ('quick' if args.quick else 'full')
    names = ['synthetic'] + (['weizmann'] if args.weizmann else [])
    sets = [DataSet(name, folder / name, effort(name, args.quick), args.weizmann) for name in names]
    for data in sets:
        data.folder.mkdir(parents=True, exist_ok=True)
    print('\n' + reproduce(sets))
    return 0


if __name__ == '__main__':
    sys.exit(main())
