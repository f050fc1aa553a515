"""Kills attack runs at chosen moments, resumes them, and compares with a run left alone.

    python tools/analysis_tools/kill_test.py --work-dir work_dirs/kills

A run of the demo config is killed (SIGKILL) at moments spread over all that it writes after
its first finished sample: in the middle of a line of the ledger, of a preview, of a saved
video, before and after a complete file takes its place, reports included. Each is resumed;
``report.json`` and ``results.jsonl`` (apart from times and folders; numbers to 1e-6), the
names of all files and the bytes of the saved videos must be those of the run left alone.
Then pairs of runs start in one folder: one of each pair must be refused in one line.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DEMO = (
    str(ROOT / 'configs/demo/i3d-tiny_16x1x2_synthetic-rgb.py'),
    str(ROOT / 'mmrobust/resources/demo_victim.pth'),
    '--attack',
    str(ROOT / 'configs/_base_/attacks/pgd_linf.py'),
)
TIMES = ('wall_time', 'attack_time', 'work_dir', 'adversarial_videos', 'seconds', 'timing')
# mmengine writes its log into a folder named by the time.
LOGS = re.compile(r'\d{8}_\d{6}')
# H.264 previews are left out: the encoder does not always give the same bytes for a video.
BYTES = ('.mkv', '.png', '.txt')
REFUSED = re.compile(r'error: another run is at work in .*\n')


class Moments:
    """Counts what a run writes, and ends the process at one of the moments.

    Args:
        log: Where their names go, one a line.
        fatal: Number of the last one; None: the run lives.
    """

    def __init__(self, log: Path, fatal: int | None) -> None:
        self.log, self.fatal, self.count = log, fatal, 0

    def passed(self, name: str) -> None:
        """One moment more."""
        with self.log.open('a', encoding='utf-8') as file:
            file.write(f'{name}\n')
        if self.count == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        self.count += 1

    def install(self) -> None:
        """Let this process note its moments."""
        from mmrobust.io import video
        from mmrobust.ledger import ledger
        from mmrobust.visualization import video as previews

        replace, packets = os.replace, video.packets

        def replacing(source: Any, target: Any) -> None:
            self.passed(f'before {Path(target).name}')
            replace(source, target)
            self.passed(f'after {Path(target).name}')

        def encoding(stream: Any, frames: Any) -> Iterator[Any]:
            for number, packet in enumerate(packets(stream, frames)):
                yield packet
                if number == 1:
                    self.passed('in the middle of a video')

        def append(self_: Any, entry: dict[str, Any]) -> dict[str, Any]:
            size = self_.path.stat().st_size if self_.path.exists() else 0
            written = real(self_, entry)
            content = self_.path.read_bytes()
            # Half a line, as a kill leaves it, and then the whole.
            self_.path.write_bytes(content[: (size + len(content)) // 2])
            self.passed(f'in the middle of line {len(self_.entries)}')
            self_.path.write_bytes(content)
            self.passed(f'after line {len(self_.entries)}')
            return written

        real: Callable[[Any, dict[str, Any]], dict[str, Any]] = ledger.Ledger.append
        setattr(os, 'replace', replacing)  # noqa: B010
        for module in (video, previews):
            setattr(module, 'packets', encoding)  # noqa: B010
        setattr(ledger.Ledger, 'append', append)  # noqa: B010


def start(folder: Path, words: Sequence[str], fatal: int | None = None) -> int:
    """Begin a run in a child process; its id. What it prints goes beside ``folder``."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        for number, name in ((1, 'out'), (2, 'err')):
            file = os.open(f'{folder}.{os.getpid()}.{name}', os.O_WRONLY | os.O_CREAT, 0o644)
            os.dup2(file, number)
        Moments(Path(f'{folder}.moments'), fatal).install()
        from mmrobust.cli.attack import main as attack

        saved = ('--save-adv', str(folder / 'adversarial'))
        status = attack([*DEMO, '--work-dir', str(folder), *saved, '--device', 'cpu', *words])
        sys.stdout.flush()
    finally:
        os._exit(status)


def finished(child: int) -> int:
    """Wait for a run; its exit status, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def differences(found: Path, wanted: Path) -> list[str]:
    """What two work directories differ in; nothing if they hold the same."""
    files = [_files(folder) for folder in (found, wanted)]
    told = [f'file {name}' for name in sorted(files[0] ^ files[1])]
    for name in files[0] & files[1]:
        pair = [(folder / name).read_bytes() for folder in (found, wanted)]
        same = pair[0] == pair[1] or not name.endswith(BYTES)
        told += [] if same else [f'content of {name}']
    for name in ('report.json', 'results.jsonl'):
        if {name} <= files[0] & files[1] and not _alike(_json(found / name), _json(wanted / name)):
            told.append(f'numbers in {name}')
    return told


def _files(folder: Path) -> set[str]:
    names = (path.relative_to(folder) for path in folder.rglob('*') if not path.is_dir())
    return {str(name) for name in names if not LOGS.match(str(name))}


def _json(path: Path) -> list[Any]:
    text = path.read_text(encoding='utf-8')
    return [json.loads(part) for part in (text.splitlines() if path.suffix == '.jsonl' else [text])]


def _alike(one: Any, other: Any) -> bool:
    """Equal, but for times and rounding."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = one.keys() | other.keys()
        return all(_alike(one.get(k), other.get(k)) for k in keys if k not in TIMES)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-6)
    return bool(one == other)


def chosen(names: Sequence[str], count: int) -> list[int]:
    """``count`` moments after the first finished sample, spread over all of them."""
    first = names.index('after line 1') + 1
    places = range(first, len(names))
    step = max(1, (len(places) - 1)) / max(1, count - 1)
    return sorted({places[min(len(places) - 1, round(i * step))] for i in range(count)})


def kill_and_resume(folder: Path, count: int, words: Sequence[str]) -> int:
    """Kill and resume; the number of runs that came out otherwise."""
    whole = folder / 'whole'
    if finished(start(whole, words)):
        raise RuntimeError(f'the run that is left alone fails: see {whole}.*.err')
    names = Path(f'{whole}.moments').read_text(encoding='utf-8').splitlines()
    wrong, moments = 0, chosen(names, count)
    for number, moment in enumerate(moments, 1):
        place = folder / f'killed_{moment:04d}'
        killed = finished(start(place, words, moment))
        resumed = finished(start(place, [*words, '--resume']))
        told = differences(place, whole) if resumed == 0 else [f'exit status {resumed}']
        told += [] if killed == -signal.SIGKILL else [f'the kill gave status {killed}']
        wrong += bool(told)
        print(f'kill {number}, {names[moment]}: {"; ".join(told) or "equal"}', flush=True)
    print(f'{len(moments) - wrong} of {len(moments)} resumed runs are equal', flush=True)
    return wrong


def two_at_once(folder: Path, count: int, words: Sequence[str]) -> int:
    """Start pairs of runs in one folder; the number of pairs that did not go as they should."""
    wrong = 0
    for number in range(1, count + 1):
        place = folder / f'pair_{number:02d}'
        first = start(place, words)
        # From at once to the middle of the first one's work.
        time.sleep(0.4 * (number - 1))
        second = start(place, words)
        status = {child: finished(child) for child in (first, second)}
        losers = [child for child, value in status.items() if value]
        told = differences(place, folder / 'whole') if len(losers) == 1 else [f'status {status}']
        for loser in losers:
            text = Path(f'{place}.{loser}.err').read_text(encoding='utf-8')
            told += [] if REFUSED.fullmatch(text) else [text]
        wrong += bool(told)
        print(f'pair {number}: {"; ".join(told) or "one refused, the other right"}', flush=True)
    print(f'{count - wrong} of {count} pairs went as they should', flush=True)
    return wrong


def main() -> int:
    """Run both tests; status 0 only if all is as it should be."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument('--work-dir', type=Path, required=True, help='an empty folder, or none yet')
    p.add_argument('--kills', type=int, default=20)
    p.add_argument('--pairs', type=int, default=10)
    p.add_argument('--options', nargs='*', default=[], help='--cfg-options of the runs, KEY=VALUE')
    args = p.parse_args()
    if args.work_dir.exists() and any(args.work_dir.iterdir()):
        raise SystemExit(f'error: --work-dir must be empty, got {args.work_dir}')
    args.work_dir.mkdir(parents=True, exist_ok=True)
    # Once, for all children: they are forks of this process.
    import mmaction.apis  # noqa: F401

    import mmrobust.cli.attack  # noqa: F401
    import mmrobust.engine.attack_loop  # noqa: F401

    words = ['--cfg-options', *args.options] if args.options else []
    wrong = kill_and_resume(args.work_dir, args.kills, words)
    wrong += two_at_once(args.work_dir, args.pairs, words)
    return int(wrong > 0)


if __name__ == '__main__':
    sys.exit(main())
