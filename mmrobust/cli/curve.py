"""``mmrobust curve WORK_DIR ...``: robust accuracy at every budget, from finished runs."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmrobust.cli.arguments import Arguments
from mmrobust.cli.reporting import report_errors
from mmrobust.functional.checks import finite, require, shown

# Of a run, these may differ: everything else decides which samples, of which model, it is about.
FREE = ('attack', 'files of the attack', 'seed', 'surrogate', 'mmrobust version')


@dataclass(frozen=True)
class FinishedRun:
    """What a run left.

    Attributes:
        name: Its folder's.
        card: ``report.json``.
        identity: Of ``run.json`` what decides about samples and model.
        rows: Its samples' lines, in order.
    """

    name: str
    card: Mapping[str, Any]
    identity: Mapping[str, Any]
    rows: Sequence[dict[str, Any]]


def parser() -> Arguments:
    """The command's arguments."""
    what = 'Robust accuracy at every budget, from runs of one or more attacks on the same samples.'
    p = Arguments('curve', what)
    p.add_argument('runs', nargs='+', metavar='WORK_DIR', help='folders of finished attack runs')
    p.add_argument('--eps', nargs='+', type=float, help='budgets to print; default some')
    p.share('--work-dir', 'folder for curve.json, .csv and .html; default: only print')
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    return report_errors(run, sys.argv[1:] if argv is None else argv)


def run(argv: Sequence[str]) -> None:
    """Read the runs, and put their curves and the envelope of all together.

    Raises:
        ValueError: The runs are not about the same samples, model, goal and threat.
        OSError: A folder has no finished run.
    """
    from mmrobust.visualization.curve import write_curve

    args = parser().read(argv)
    for eps in args.eps or ():
        require(finite(eps) and eps >= 0, '--eps', 'finite numbers >= 0', eps)
    folders = [Path(word) for word in args.runs]
    require(len(set(folders)) == len(folders), 'WORK_DIR', 'different folders', args.runs)
    runs = [read_run(folder) for folder in folders]
    for other in runs[1:]:
        check_same(runs[0], other)
    largest = max(_eps_of(one.card['threat']) for one in runs)
    rule = f'at most {largest:g}, the largest budget that a run had'
    for eps in args.eps or ():
        require(eps <= largest, '--eps', rule, eps)
    folder = None if args.work_dir is None else Path(args.work_dir)
    write_curve(folder, [(one.name, one.card, one.rows) for one in runs], args.eps)


def read_run(folder: Path) -> FinishedRun:
    """A finished run.

    Raises:
        OSError: There is none.
        ValueError: Its files are none of a run, or nothing can be said of its norm.
    """
    from mmrobust.evaluation.eps_star import NORMS, norm_of
    from mmrobust.ledger.finished import finished_json
    from mmrobust.ledger.ledger import read_entries

    files = ('report.json', 'run.json')
    card, identity = (finished_json(folder / name, 'WORK_DIR') for name in files)
    missing = sorted({'n', 'threat', 'goal'} - card.keys())
    require(not missing, f'{folder / "report.json"}', 'the report of a run', f'none of {missing}')
    norm = norm_of(card['threat'])
    require(norm in NORMS, f'{folder}: threat', f'one of {", ".join(NORMS)}', norm)
    entries = read_entries(folder)
    rows = [entries[index] for index in sorted(entries)[: card['n']]]
    bad = next((row['name'] for row in rows if row['error'] is not None), None)
    require(bad is None, f'{folder}', 'a run in which every sample could be loaded', bad)
    require(bool(rows), f'{folder}', 'a run with samples', 0)
    known = {key: value for key, value in identity.items() if key not in FREE}
    return FinishedRun(str(folder), card, known, rows)


def check_same(one: FinishedRun, other: FinishedRun) -> None:
    """Raise ValueError, saying what differs, unless two runs may be compared."""
    where = f'{other.name}: {{}} must be that of {one.name}'
    for key in sorted(one.identity.keys() | other.identity.keys()):
        if one.identity.get(key) != other.identity.get(key):
            first, second = (shown(run.identity.get(key)) for run in (one, other))
            raise ValueError(where.format(key) + f', {first}, got {second}')
    for key, free in (('threat', 'eps'), ('goal', 'loss')):
        known, got = (_without(run.card[key], free) for run in (one, other))
        if known != got:
            raise ValueError(where.format(f'{key} (but for {free})') + f', got {got}')
    names = [[(row['index'], row['name']) for row in run.rows] for run in (one, other)]
    if names[0] != names[1]:
        sizes = f'{len(names[0])} and {len(names[1])} samples'
        raise ValueError(where.format('list of samples') + f', got {sizes}')


def _eps_of(threat: Mapping[str, Any]) -> float:
    """The budget of a threat's config, inside its masks."""
    inner = threat.get('threat')
    return _eps_of(inner) if isinstance(inner, Mapping) else float(threat['eps'])


def _without(options: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Options without one, nested ones included."""
    return {
        key: _without(value, name) if isinstance(value, Mapping) else value
        for key, value in options.items()
        if key != name
    }


if __name__ == '__main__':
    sys.exit(main())
