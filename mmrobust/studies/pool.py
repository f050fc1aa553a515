"""All jobs of a study, several at once, each in a process of its own on one thread."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Any

import torch

from mmrobust.compat import heal
from mmrobust.processes import end_with_parent
from mmrobust.studies.job import Commands, StudyJob
from mmrobust.studies.places import check_jobs
from mmrobust.studies.section import write_results
from mmrobust.studies.study import Study


def carry_out(study: Study, commands: Commands, processes: int) -> str:
    """Do what is not done yet, then write and return the results.

    Args:
        study: What is done.
        commands: The commands that jobs name.
        processes: How many at once.

    Raises:
        ValueError: Two runs have one place, or there is none; before anything is run.
    """
    for victim in study.victims:
        (study.folder / victim.name).mkdir(parents=True, exist_ok=True)
    study.cut()
    study.check()
    # Two would make the weights that they share at once.
    first = [victim for victim in study.victims if not victim.same_as]
    with ProcessPoolExecutor(processes, get_context('spawn'), end_with_parent) as pool:
        _all_done(pool, [pool.submit(_prepare, study, victim) for victim in first])
        for victim in study.victims:
            if victim not in first:
                study.prepare(victim)
        jobs = [job for victim in study.victims for job in study.jobs(victim)]
        check_jobs(jobs)
        _run(pool, study, jobs, commands, processes)
    sections = list(study.sections())
    return write_results(study.folder, study.frame, sections, len(study.victims))


def _run(
    pool: ProcessPoolExecutor,
    study: Study,
    jobs: Sequence[StudyJob],
    commands: Commands,
    processes: int,
) -> None:
    """Every job that is not complete; says how much is left after each."""
    todo = [job for job in jobs if not job.finished(study.folder)]
    print(f'{len(jobs)} runs, {len(todo)} to do: {estimate(todo, processes)}', flush=True)
    began, past = time.perf_counter(), 0.0
    left = {pool.submit(_do, study, job, commands): job for job in todo}
    for number, done in enumerate(as_completed(list(left)), 1):
        job = left.pop(done)
        _result(pool, done)
        past += job.seconds
        share = processes * (time.perf_counter() - began) / past if past else 1.0
        hint = estimate(left.values(), processes, min(share, 1.0))
        print(f'\nrun {number} of {len(todo)} done: {job.place} ({hint} left)', flush=True)


def estimate(jobs: Iterable[StudyJob], processes: int, share: float = 1.0) -> str:
    """How long jobs take at most, in words.

    Args:
        jobs: Yet to do.
        processes: At once.
        share: Of the seconds of earlier jobs, those that they took.
    """
    minutes = share * sum(job.seconds for job in jobs) / processes / 60
    return f'at most about {minutes:.0f} minutes'


def _all_done(pool: ProcessPoolExecutor, futures: Sequence[Future[Any]]) -> None:
    for done in as_completed(futures):
        _result(pool, done)


def _result(pool: ProcessPoolExecutor, done: Future[Any]) -> None:
    """Its error ends the study, and cancels what has not begun."""
    try:
        done.result()
    except BaseException:
        pool.shutdown(cancel_futures=True)
        raise


def _prepare(study: Study, victim: Any) -> None:
    _alone()
    study.prepare(victim)


def _do(study: Study, job: StudyJob, commands: Commands) -> None:
    """The study comes along, as its module registers what its attacks are made of."""
    _alone()
    job.run(study.folder, commands)


def _alone() -> None:
    # The process is the study's own: what OpenMMLab does may be healed for good.
    heal()
    torch.set_num_threads(1)
    torch.manual_seed(0)
