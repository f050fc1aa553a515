"""Every config of the installed wheels, attacked: which pass, which do not, and why.

`python tools/analysis_tools/coverage.py --work-dir W` takes each config under `.mim/configs` of
MMAction2 and MMPose, in a process of its own: seeded random weights, a small video, track or
picture in the data set's own format, the stock test, one step of PGD as the command does it. The
predictions and metrics of the clean samples must be those of the stock test, the gradient finite
and not zero (or zero in the bare network as well), the report complete. A line for each goes to
`W/coverage.jsonl`; `--table FILE` writes them as Markdown, and `--configs` without a pattern runs
nothing before.
"""

from __future__ import annotations

if __name__ == 'coverage':
    # Packages that other tools of this folder import ask for the one of this name.
    raise ImportError('this file is a command; the package coverage is another')

import argparse
import fnmatch
import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

# One process works on one config; others may want the machine's other cores.
os.environ.setdefault('OMP_NUM_THREADS', '1')
from coverage_reasons import CATEGORIES
from coverage_table import Place, read_rows, table

from mmrobust.compat import heal
from mmrobust.io.atomic import replacing
from mmrobust.ledger.provenance import versions
from mmrobust.processes import end_with_parent

ROWS, ABOUT = 'coverage.jsonl', 'coverage.json'
PACKAGES = ('mmaction', 'mmpose')
# Where others use the machine, a second of CPU takes longer, but not so long.
PATIENCE = 8
# Where their registries look, and what a run of ours imports as it goes on.
PARTS = ('datasets', 'engine', 'evaluation', 'models', 'visualization')
OWN = ['mmrobust.engine.artifacts', 'mmrobust.visualization.page']


def arguments() -> argparse.ArgumentParser:
    """The command's arguments."""
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('--work-dir', required=True, type=Path, help='folder for lines and logs')
    p.add_argument(
        '--configs', nargs='*', default=['*'], help='patterns of PACKAGE/TASK/FAMILY/NAME'
    )
    p.add_argument('--sample', type=int, help='so many, spread over tasks and families')
    p.add_argument('--resume', action='store_true', help='go on from the lines that are there')
    p.add_argument(
        '--again', nargs='*', default=[], choices=[*CATEGORIES], help='categories to try anew'
    )
    p.add_argument('--seconds', type=float, default=900, help='of CPU, for a config')
    p.add_argument('--memory', type=float, default=8, help='limit for a config, GiB')
    p.add_argument(
        '--pixels', type=float, default=2.5e6, help='of a sample, before clips and crops are fewer'
    )
    p.add_argument('--table', type=Path, help='Markdown file to write at the end')
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run; the number of configs that failed is 0, or the status 1."""
    args = arguments().parse_args(argv)
    args.work_dir.mkdir(parents=True, exist_ok=True)
    rows = known_rows(args)
    todo = [p for p in chosen(args.configs, args.sample) if p.name not in rows]
    if todo:
        imported()
    for number, place in enumerate(todo, 1):
        row = in_a_process(place, args)
        with (args.work_dir / ROWS).open('a', encoding='utf-8') as file:
            file.write(json.dumps(row) + '\n')
        rows[place.name] = row
        seconds = sum(row['seconds'].values())
        print(
            f'[{number}/{len(todo)}] {row["status"]:9} {seconds:5.0f} s  {place.name}', flush=True
        )
    if args.table:
        about = json.loads((args.work_dir / ABOUT).read_text(encoding='utf-8'))
        with replacing(args.table) as temporary:
            temporary.write_text(table(rows.values(), about), encoding='utf-8')
    failed = [name for name, row in rows.items() if row['status'] == 'failed']
    print(f'{len(rows)} configs, {len(failed)} failed')
    return 1 if failed else 0


def known_rows(args: argparse.Namespace) -> dict[str, Any]:
    """The lines to go on from; notes down with what they were made.

    Raises:
        SystemExit: There are lines, and nobody said ``--resume``; or of other versions.
    """
    path, about = args.work_dir / ROWS, args.work_dir / ABOUT
    now = {
        'date': datetime.now(UTC).date().isoformat(),
        'versions': versions(),
        'configs': len(places()),
        'limits': {'seconds': args.seconds, 'GiB': args.memory, 'pixels': args.pixels},
    }
    if path.exists():
        if not (args.resume or not args.configs):
            raise SystemExit(f'--work-dir {args.work_dir} has lines: --resume goes on from them')
        before = json.loads(about.read_text(encoding='utf-8'))['versions']
        if args.configs and before != now['versions']:
            raise SystemExit(f'--resume needs the versions of {about}: {before}')
    if args.configs:
        about.write_text(json.dumps(now, indent=2), encoding='utf-8')
    found = read_rows(path)
    return {name: row for name, row in found.items() if row['status'] not in args.again}


def chosen(patterns: Sequence[str], sample: int | None) -> list[Place]:
    """The configs, families in turn, so that a part of a run has seen something of each."""
    found = [p for p in places() if any(fnmatch.fnmatch(p.name, pattern) for pattern in patterns)]
    return spread(found)[:sample]


def places() -> list[Place]:
    """All configs of the installed wheels that are no mere bases."""
    import importlib.util

    found = []
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        assert spec is not None
        assert spec.origin is not None
        root = Path(spec.origin).parent / '.mim' / 'configs'
        files = (p for p in root.rglob('*.py') if '_base_' not in p.relative_to(root).parts)
        found += [Place(package, path, path.relative_to(root)) for path in sorted(files)]
    return found


def spread(found: Iterable[Place]) -> list[Place]:
    """Over tasks and families: one of each group, the largest groups first, and again.

    In which order those of a group come, a fixed seed decides.
    """
    groups: dict[tuple[str, ...], list[Place]] = {}
    for place in found:
        groups.setdefault((place.package, place.task, place.family), []).append(place)
    for members in groups.values():
        random.Random(0).shuffle(members)
    order = sorted(groups.values(), key=len, reverse=True)
    most = max(map(len, order), default=0)
    return [members[n] for n in range(most) for members in order if n < len(members)]


def imported() -> None:
    """Import the stack once: a child begins as this process stands."""
    heal()
    import coverage_one  # noqa: F401
    import mmengine.config.config as config
    import torch
    from mmengine.utils import import_modules_from_strings

    import_modules_from_strings([f'{package}.{part}' for package in PACKAGES for part in PARTS])
    import_modules_from_strings(OWN)
    torch.set_num_threads(int(os.environ['OMP_NUM_THREADS']))
    # Each run's config is laid out by yapf four times, for a file that is thrown away.
    config.FormatCode = lambda text, **options: (text, False)


def in_a_process(place: Place, args: argparse.Namespace) -> dict[str, Any]:
    """The row of a config, whatever becomes of the process that makes it."""
    log = args.work_dir / 'logs' / f'{place.name.replace("/", "__")}.txt'
    log.parent.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix='config-', dir=args.work_dir.resolve()))
    context, began = multiprocessing.get_context('fork'), time.perf_counter()
    answer = folder / 'row.json'
    child = context.Process(target=_child, args=(place, folder, answer, log, args))
    child.start()
    child.join(args.seconds * PATIENCE)
    late = child.is_alive()
    if late:
        child.kill()
        child.join()
    if answer.exists():
        row = json.loads(answer.read_text(encoding='utf-8'))
    else:
        late = late or child.exitcode == -signal.SIGXCPU
        why = f'more than {args.seconds:g} s' if late else f'exit status {child.exitcode}'
        row = {'status': 'limits', 'reason': why, 'stock': 'not known', 'space': '', 'reduced': ''}
        row['seconds'] = {'all': round(time.perf_counter() - began, 2)}
    shutil.rmtree(folder, ignore_errors=True)
    return {
        'config': place.name,
        'package': place.package,
        'task': place.task,
        'family': place.family,
    } | row


def _child(place: Place, folder: Path, answer: Path, log: Path, args: argparse.Namespace) -> None:
    """What a config's own process does."""
    end_with_parent()
    limit = int(args.memory * 2**30)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CPU, (int(args.seconds), int(args.seconds) + 5))
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.chdir(folder)
    from coverage_one import examine

    row = examine(place.path, folder, args.pixels)
    with replacing(answer) as temporary:
        temporary.write_text(json.dumps(row), encoding='utf-8')


if __name__ == '__main__':
    sys.exit(main())
