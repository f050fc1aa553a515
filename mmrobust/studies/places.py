"""Every run has a place of its own: what is refused before anything is run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from mmrobust.functional.checks import require, shown
from mmrobust.studies.job import StudyJob


def refuse_doubles(name: str, owners: Iterable[tuple[object, object]]) -> None:
    """Raise ValueError where two have the same: the later would stand for both.

    Args:
        name: What each must have of its own, for messages.
        owners: What each has, and who it is.
    """
    seen = list[tuple[object, object]]()
    for value, owner in owners:
        for earlier, other in seen:
            if value == earlier:
                both = f'{shown(other)} and {shown(owner)}'
                raise ValueError(
                    f'{name} must be another one for each, got {shown(value)} for {both}'
                )
        seen.append((value, owner))


def place_of(*parts: object) -> str:
    """A place as it is compared: one folder, however it is written."""
    return os.path.normpath(os.path.join(*map(str, parts)))


def check_jobs(jobs: Sequence[StudyJob]) -> None:
    """Raise ValueError for two jobs in one place, and for no job at all."""
    require(bool(jobs), 'the runs of a study', 'at least one', list(jobs))
    told = [' '.join(map(str, (job.command, *job.words, *job.options))) for job in jobs]
    places = [place_of(job.place) for job in jobs]
    refuse_doubles('the place of a run', zip(places, told, strict=True))
