"""How much code one run enters: files, functions, own frames above the network.

`python tools/analysis_tools/trace_run.py pgd kaa_er me_sampler` runs each attack on a few samples
of the demo configs under `sys.setprofile` and prints a row: files of mmrobust that are entered,
functions entered, the same for the core (without pictures, numbers, data and command line), the
core's files between the attack's call and the network (the rest comes before and after: checks,
ledger, report), and how many frames of mmrobust stand above the network's own `forward` when an
attack asks for a gradient. `pgd_python` is PGD()(victim, pixels, labels) on what `load_victim`
returns; `--files` lists the core's files with the functions entered in each, those outside the
attack in brackets.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).parents[2]
# What a reader of an attack need not open: how samples are drawn, counted, shown, started.
BESIDE = ('visualization', 'evaluation', 'datasets', 'cli', 'compat')
ACTION = ('configs/demo/i3d-tiny_16x1x2_synthetic-rgb.py', 'mmrobust/resources/demo_victim.pth')
POSE = (
    'configs/demo/pose/td-hm_tiny-r18_synthetic-64x80.py',
    'mmrobust/resources/demo_pose_victim.pth',
)
RUNS: dict[str, tuple[tuple[str, str], str, list[str]]] = {
    'pgd': (ACTION, 'configs/_base_/attacks/pgd_linf.py', []),
    'kaa_er': (POSE, 'configs/_base_/attacks/kaa_er_linf.py', []),
    'me_sampler': (ACTION, 'configs/_base_/attacks/me_sampler.py', ['attack.budget=60']),
}
PYTHON = 'pgd_python'
# What an attack enters is entered below this call.
ATTACK = ('attacks/base.py', 'Attack.__call__')


class Trace:
    """Files and functions of a package that are entered, and its frames above a network.

    Args:
        package: Folder of the package.
    """

    def __init__(self, package: Path) -> None:
        self.package = f'{package}/'
        self.entered: set[tuple[str, str, int]] = set()
        # Files that are entered inside the attack, and how often that calls itself.
        self.inside: set[str] = set()
        self.depth = 0
        self.frames: list[str] = []

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        """A profile function."""
        code = frame.f_code
        if event not in ('call', 'return') or not code.co_filename.startswith(self.package):
            return
        name = code.co_filename.removeprefix(self.package)
        if (name, code.co_qualname) == ATTACK:
            self.depth += 1 if event == 'call' else -1
        if event == 'call':
            self.entered.add((name, code.co_qualname, code.co_firstlineno))
            if self.depth and name.split('/')[0] not in BESIDE:
                self.inside.add(name)

    def see(self, module: Any, inputs: Any) -> None:
        """A forward hook of the network: the own frames above it, the most that were seen."""
        above, frame = [], sys._getframe()
        while frame.f_back is not None:
            frame = frame.f_back
            if frame.f_code.co_filename.startswith(self.package):
                name = frame.f_code.co_filename.removeprefix(self.package)
                above.append(f'{name}: {frame.f_code.co_qualname}')
        self.frames = max(self.frames, above, key=len)

    def core(self) -> dict[str, list[str]]:
        """Functions entered in each file of the core."""
        found: dict[str, list[str]] = {}
        for name, function, _ in sorted(self.entered):
            if name.split('/')[0] not in BESIDE and function != '<module>':
                found.setdefault(name, []).append(function)
        return found

    def row(self) -> tuple[int, int, int, int, int, int]:
        """Files and functions; those of the core; files in the attack; frames."""
        calls = {entry for entry in self.entered if entry[1] != '<module>'}
        core = {entry for entry in calls if entry[0].split('/')[0] not in BESIDE}
        files, inner = ({entry[0] for entry in found} for found in (calls, core))
        return len(files), len(calls), len(inner), len(core), len(self.inside), len(self.frames)


@contextlib.contextmanager
def traced(trace: Trace) -> Iterator[None]:
    """Inside, every call of this thread and of new ones is seen."""
    for setter in (sys.setprofile, threading.setprofile):
        setter(trace)
    try:
        yield
    finally:
        for setter in (sys.setprofile, threading.setprofile):
            setter(None)


def call(trace: Trace) -> None:
    """PGD from Python on a loaded victim, two clips of noise."""
    import torch

    import mmrobust as mr

    victim = mr.load_victim(*(ROOT / path for path in ACTION))
    clips = torch.randint(256, (2, 3, 16, 72, 72), generator=torch.Generator().manual_seed(0))
    pgd = mr.PGD(steps=3)
    hook = victim.model.backbone.register_forward_pre_hook(trace.see)
    try:
        with traced(trace):
            pgd(victim, clips.float())
    finally:
        hook.remove()


def attack(name: str, trace: Trace) -> None:
    """One run on two samples, in one batch, traced from the loop on."""
    from mmengine.runner import Runner

    from mmrobust.cli.attack import build_config, parser
    from mmrobust.compat import healed

    if name == PYTHON:
        return call(trace)
    (config, checkpoint), file, options = RUNS[name]
    with tempfile.TemporaryDirectory() as folder:
        words = [str(ROOT / config), str(ROOT / checkpoint), '--attack', str(ROOT / file)]
        words += ['--work-dir', folder, '--max-samples', '2', '--cfg-options']
        words += ['attack.budget=60'] if options else ['attack.steps=3']
        runner = Runner.from_cfg(build_config(parser().parse_args(words)))
        network = getattr(runner.model, 'backbone', runner.model)
        hook = network.register_forward_pre_hook(trace.see)
        try:
            with contextlib.redirect_stdout(io.StringIO()), healed(), traced(trace):
                runner.test()
        finally:
            hook.remove()


def main(argv: Sequence[str] | None = None) -> None:
    """Trace the runs that are named."""
    parse = argparse.ArgumentParser(description=__doc__)
    parse.add_argument('runs', nargs='*', choices=[*RUNS, PYTHON, []], help='default: all')
    parse.add_argument('--files', action='store_true', help="list the core's files, too")
    given = parse.parse_args(argv)
    names = given.runs or [*RUNS, PYTHON]
    print('run          files  functions  core files  core functions  in the attack  frames')
    for name in names:
        # What is imported on the way runs code, too: the first run does that.
        attack(name, Trace(ROOT / 'mmrobust'))
        trace = Trace(ROOT / 'mmrobust')
        attack(name, trace)
        files, functions, core, inner, inside, depth = trace.row()
        numbers = f'{files:5}  {functions:9}  {core:10}  {inner:14}  {inside:13}  {depth:6}'
        print(f'{name:12} {numbers}')
        for file, entered in trace.core().items() if given.files else ():
            shown = file if file in trace.inside else f'({file})'
            print(f'    {shown}: {", ".join(entered)}')
        for place in reversed(trace.frames if given.files else ()):
            print(f'    > {place}')


if __name__ == '__main__':
    main()
