"""Clean accuracy, PGD and random noise of the same size on held-out people.

Trains the two small recognisers first where their checkpoints are missing.
Prints a table with the number of windows and 95 % Wilson intervals and leaves
every run's report under the work directory.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import mmrobust
from mmrobust.cli.attack import run
from mmrobust.functional.interval import wilson

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
VICTIMS = {
    'I3D (tiny)': 'i3d-tiny_16x1x1_weizmann4-rgb',
    'TSN (tiny)': 'tsn-tiny-r18_1x1x8_weizmann4-rgb',
}
ATTACKS = ('PGD', 'RandomNoise')


def checkpoint(name: str, work_dir: Path) -> Path:
    """The victim's last checkpoint, trained if there is none."""
    folder = work_dir / name
    last = folder / 'last_checkpoint'
    if not last.exists():
        config = HERE / 'configs' / f'{name}.py'
        tool = ROOT / 'tools' / 'train.py'
        subprocess.run([sys.executable, tool, config, '--work-dir', folder], check=True)
    return folder / Path(last.read_text().strip()).name


def attack(name: str, weights: Path, kind: str, eps: float, work_dir: Path) -> dict[str, Any]:
    """One run; returns its card."""
    folder = work_dir / name / f'{kind.lower()}-eps{eps:g}'
    config = HERE / 'configs' / f'{name}.py'
    options = ('--cfg-options', f'attack.threat.eps={eps:g}')
    run([str(config), str(weights), '--attack', kind, '--work-dir', str(folder), *options])
    return json.loads((folder / 'report.json').read_text())


def share(value: float, n: int) -> str:
    """A proportion with its interval, in per cent."""
    low, high = wilson(round(value * n), n)
    return f'{100 * value:.1f} % ({100 * low:.0f}-{100 * high:.0f})'


def main() -> int:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/weizmann'))
    parser.add_argument('--eps', type=float, nargs='+', default=[1, 2, 4, 8])
    args = parser.parse_args()
    mmrobust.compat.heal()
    lines = [
        '| victim | eps | n | clean accuracy | under PGD | under noise | PGD success |',
        '|---|---|---|---|---|---|---|',
    ]
    for title, name in VICTIMS.items():
        weights = checkpoint(name, args.work_dir)
        for eps in args.eps:
            cards = {kind: attack(name, weights, kind, eps, args.work_dir) for kind in ATTACKS}
            pgd, noise = (cards[kind] for kind in ATTACKS)
            n, metric = pgd['evaluated'], 'acc/top1'
            accuracies = (pgd['clean'], pgd['adversarial'], noise['adversarial'])
            cells = [share(found[metric], n) for found in accuracies]
            success = share(pgd['success_rate'], pgd['attacked'])
            lines.append(f'| {title} | {eps:g} | {n} | {" | ".join(cells)} | {success} |')
    table = '\n'.join(lines)
    (args.work_dir / 'table.md').write_text(table + '\n')
    print(table)
    return 0


if __name__ == '__main__':
    sys.exit(main())
