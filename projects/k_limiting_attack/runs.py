"""The runs: which there are, and each by the package's own engine."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from mmrobust.cli import attack as cli
from mmrobust.cli.resuming import finish, finished, resumed
from mmrobust.evaluation.summary import attacked
from mmrobust.ledger.ledger import read_entries
from mmrobust.processes import end_with_parent
from projects.k_limiting_attack.arms import ARMS, CURVE, NORMS, attack
from projects.k_limiting_attack.measure import Samples, samples_of
from projects.k_limiting_attack.victims import Victim, Workshop

# CPU seconds to load a victim and write a report, and of a step of one sample; for
# the estimate alone.
START, STEP = 3.0, 0.04
# Victims that are attacked at once.
PROCESSES = 2


@dataclass(frozen=True)
class Effort:
    """How much is spent on a victim.

    Attributes:
        samples: Of the test set, at most.
        steps: Of an iterative attack.
        eps: Budget of the tables, RMSE in grey levels.
        curve: Budgets of the curve, likewise, ascending.
        pictures: Samples on the contact sheet.
    """

    samples: int
    steps: int
    eps: float
    curve: Sequence[float]
    pictures: int


@dataclass(frozen=True)
class Run:
    """One arm against one victim.

    Attributes:
        victim: Attacked.
        goal: ``untargeted`` or a target.
        norm: Of the budget.
        arm: Among those of the arms module.
        eps: Budget, RMSE in grey levels.
        effort: Number of samples and steps.
        curve: Part of the curve: all steps are taken, success or not.
    """

    victim: Victim
    goal: str
    norm: str
    arm: str
    eps: float
    effort: Effort
    curve: bool = False

    @property
    def place(self) -> Path:
        """Where its files lie, below the work folder."""
        kind = f'curve_eps{self.eps:g}' if self.curve else f'{self.goal}_{self.norm}'
        return Path(self.victim.name, f'{kind}_{self.arm}')

    @property
    def seconds(self) -> float:
        """CPU seconds if no sample is fooled before the last step."""
        steps = 1 if self.arm in ('fgsm', 'noise') else self.effort.steps
        # A mask costs about as much as one step per joint or coordinate.
        masks = 20 if self.arm in ('er', 'random', 'gradient') else 0
        return START + self.effort.samples * STEP * (steps + masks)


def planned(victim: Victim, effort: Effort) -> Iterator[Run]:
    """All runs on a victim."""
    for norm in NORMS:
        for goal in ('untargeted', *victim.targets):
            for arm in ARMS:
                yield Run(victim, goal, norm, arm, effort.eps, effort)
    for eps in effort.curve:
        for arm in CURVE:
            yield Run(victim, 'untargeted', 'linf', arm, eps, effort, curve=True)


def execute(runs: Sequence[Run], folder: Path, workshop: Workshop) -> None:
    """Every run that is not complete, PROCESSES victims at a time."""
    with ProcessPoolExecutor(PROCESSES, get_context('spawn'), end_with_parent) as pool:
        list(pool.map(workshop.checkpoint, dict.fromkeys(run.victim for run in runs)))
        todo: dict[Victim, list[Run]] = {}
        for run in runs:
            if not finished(folder / run.place, plan(run, workshop)):
                todo.setdefault(run.victim, []).append(run)
        left = [run for of in todo.values() for run in of]
        print(f'{len(runs)} runs, {len(left)} to do: {_estimate(left)}', flush=True)
        # The first failure cancels what has not begun.
        for _ in pool.map(_all, todo.values(), repeat(folder), repeat(workshop)):
            pass


def _all(runs: Sequence[Run], folder: Path, workshop: Workshop) -> None:
    """One victim's runs in their order, with what is left of its time before each."""
    torch.set_num_threads(1)
    began, past = time.process_time(), 0.0
    for number, run in enumerate(runs):
        share = (time.process_time() - began) / past if past else 1.0
        left = _estimate(runs[number:], share)
        print(f'\nrun {number + 1} of {len(runs)}: {run.place} ({left})', flush=True)
        _attack(run, folder, workshop)
        past += run.seconds


def measured(run: Run, folder: Path) -> Samples:
    """What a complete run found, by sample."""
    entries = read_entries(folder / run.place)
    # More are there after a run on more samples.
    lines = attacked([entries[index] for index in range(run.effort.samples) if index in entries])
    return samples_of(lines, run.victim.within)


def card(run: Run, folder: Path) -> dict[str, Any]:
    """The report of a complete run."""
    found: dict[str, Any] = json.loads((folder / run.place / 'report.json').read_text())
    return found


def plan(run: Run, workshop: Workshop) -> dict[str, Any]:
    """The attack of a run, and on which samples."""
    options = attack(
        run.arm,
        run.norm,
        run.goal,
        rmse=run.eps,
        values=run.victim.values,
        steps=run.effort.steps,
        stop=not run.curve,
    )
    inputs = workshop.inputs(run.victim, run.goal)
    data = list(workshop.overrides(run.victim))
    return {'attack': options, 'samples': run.effort.samples, 'data': data, **inputs}


def _attack(run: Run, folder: Path, workshop: Workshop) -> None:
    out = folder / run.place
    out.mkdir(parents=True, exist_ok=True)
    config, decided = out / 'attack.py', plan(run, workshop)
    Config({'attack': decided['attack']}).dump(config)
    words: list[object] = [run.victim.config, workshop.checkpoint(run.victim)]
    words += ['--attack', config, '--work-dir', out, '--max-samples', run.effort.samples]
    words += ['--cfg-options', 'settings.previews=0']
    words += [] if run.goal == 'untargeted' else [f'victim.target={workshop.target(run.goal)}']
    words += workshop.overrides(run.victim)
    resumed(cli.run, words)
    # Last: a run under another plan is begun again, not taken for this one.
    finish(out, decided)


def _estimate(runs: Sequence[Run], share: float = 1.0) -> str:
    minutes = share * sum(run.seconds for run in runs) / 60
    return f'about {minutes:.0f} CPU minutes at most'
