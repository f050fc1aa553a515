"""The runs: which there are, what they may cost, and each by the package's own engine."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
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
from projects.motion_excited_sampler.arms import (
    ARMS,
    COMPARED,
    ONCE,
    RIVALS,
    STARTED,
    VARIANTS,
    attack,
)
from projects.motion_excited_sampler.clips import start_list
from projects.motion_excited_sampler.victims import Victim, Workshop

# Too small for any success: the cosines of all arms are over equally many rounds.
STILL = 0.4
# Runs at once.
PROCESSES = 2
# CPU seconds to load a victim and write a report, for the estimate alone.
START = 4.0


@dataclass(frozen=True)
class Effort:
    """How much is spent on a victim.

    Attributes:
        videos: Attacked by the four arms, about, by goal; of some victims more.
        few: Likewise by all others, untargeted.
        far: Likewise from a clip of the target class, with the budget of the victim's ``far``.
        budgets: Queries per video by goal.
        seeds: Of the attacks.
    """

    videos: Mapping[str, int]
    few: int
    far: int
    budgets: Mapping[str, int]
    seeds: Sequence[int]


@dataclass(frozen=True)
class Run:
    """One arm with one seed against one victim.

    Attributes:
        victim: Attacked.
        goal: Untargeted, targeted, far or cosine.
        arm: Among those of the arms module.
        seed: Of the attack.
        videos: Attacked, about.
        budget: Queries per video.
    """

    victim: Victim
    goal: str
    arm: str
    seed: int
    videos: int
    budget: int

    @property
    def place(self) -> Path:
        """Where its files lie, below the work folder."""
        return Path(self.victim.name, f'{self.goal}_{self.arm}', f'seed{self.seed}')

    @property
    def eps(self) -> float:
        """Grey levels."""
        if self.goal == 'cosine':
            return STILL
        return self.victim.eps['targeted' if self.goal == 'far' else self.goal]

    @property
    def seconds(self) -> float:
        """CPU seconds if no video is fooled before its budget is spent."""
        return START + self.videos * self.budget * self.victim.seconds


def planned(victim: Victim, effort: Effort) -> Iterator[Run]:
    """All runs on a victim."""
    first = effort.seeds[0]
    if victim.far and effort.far:
        yield Run(victim, 'far', STARTED, first, effort.far, victim.far)
    for seed in effort.seeds:
        for arm in COMPARED:
            yield _run(victim, 'cosine', arm, seed, effort)
        for arm in ARMS:
            yield _run(victim, 'untargeted', arm, seed, effort)
            yield _run(victim, 'targeted', arm, seed, effort)
        yield _run(victim, 'targeted', STARTED, seed, effort)
        for arm in (*VARIANTS, *RIVALS):
            if arm not in ONCE or seed == first:
                yield _run(victim, 'untargeted', arm, seed, effort)


def _run(victim: Victim, goal: str, arm: str, seed: int, effort: Effort) -> Run:
    videos = effort.videos[goal] if arm in (*ARMS, *COMPARED, STARTED) else effort.few
    if arm in ARMS and goal != 'cosine':
        videos *= victim.more
    return Run(victim, goal, arm, seed, videos, effort.budgets[goal])


def execute(runs: Sequence[Run], folder: Path, workshop: Workshop) -> None:
    """Every run that is not complete, PROCESSES at a time; says how much is left after each."""
    victims = {run.victim.name: run.victim for run in runs}
    for victim in victims.values():
        # Here, or two processes would make the same ones.
        start_list(victim, workshop)
    todo = [run for run in runs if not finished(folder / run.place, _plan(run, workshop))]
    print(f'{len(runs)} runs, {len(todo)} to do: {_estimate(todo)}', flush=True)
    began, past = time.perf_counter(), 0.0
    with ProcessPoolExecutor(PROCESSES, get_context('spawn'), end_with_parent) as pool:
        left = {pool.submit(_attack, run, folder / run.place, workshop): run for run in todo}
        for number, done in enumerate(as_completed(list(left)), 1):
            run = left.pop(done)
            try:
                done.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
            past += run.seconds
            share = PROCESSES * (time.perf_counter() - began) / past
            hint = _estimate(left.values(), min(share, 1.0))
            print(f'\nrun {number} of {len(todo)} done: {run.place} ({hint} left)', flush=True)


def rows(run: Run, folder: Path) -> list[dict[str, Any]]:
    """The lines of the attacked videos."""
    entries = read_entries(folder / run.place)
    return attacked([entries[index] for index in sorted(entries)])


def report(run: Run, folder: Path) -> dict[str, Any]:
    """The run's card."""
    found: dict[str, Any] = json.loads((folder / run.place / 'report.json').read_text())
    return found


def _plan(run: Run, workshop: Workshop) -> dict[str, Any]:
    """All that decides a run; starts follow from the weights."""
    return {
        'attack': attack(run.arm, run.goal, run.eps, run.budget),
        'samples': run.victim.samples(run.videos),
        'seed': run.seed,
        'weights': workshop.weights(run.victim),
    }


def _attack(run: Run, out: Path, workshop: Workshop) -> None:
    torch.set_num_threads(1)
    out.mkdir(parents=True, exist_ok=True)
    config, plan = out / 'attack.py', _plan(run, workshop)
    Config({'attack': plan['attack']}).dump(config)
    samples = plan['samples']
    words = [run.victim.config, workshop.checkpoint(run.victim), '--attack', config]
    words += ['--work-dir', out, '--seed', run.seed, '--max-samples', samples]
    words += ['--batch-size', samples]
    words += ['--cfg-options', 'settings.previews=0', *workshop.overrides(run.victim)]
    if run.arm == STARTED:
        words.append(f'attack.start={start_list(run.victim, workshop)}')
    resumed(cli.run, words)
    finish(out, plan)


def _estimate(runs: Iterable[Run], share: float = 1.0) -> str:
    minutes = share * sum(run.seconds for run in runs) / PROCESSES / 60
    return f'at most about {minutes:.0f} minutes'
