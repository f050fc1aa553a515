"""Studies whose jobs are attacks: every arm with every budget and seed on every victim."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmrobust.functional.checks import require
from mmrobust.studies.job import StudyJob, Written
from mmrobust.studies.places import place_of, refuse_doubles
from mmrobust.studies.study import Study


@dataclass(frozen=True, kw_only=True)
class Run:
    """One arm with one budget and seed.

    Attributes:
        key: What the study knows its results by; another one for each run on a victim.
        place: Their folder, below the victim's; likewise.
        attack: Its config.
        samples: Of the test set, at most.
        batch_size: None: the config's.
        seed: Of the attack.
        options: Overrides of the config beside the victim's, ``KEY=VALUE``.
        inputs: Files that decide the results beside config and weights.
        seconds: CPU seconds at most, for the estimate alone.
    """

    key: tuple[Any, ...]
    place: Path
    attack: Mapping[str, Any]
    samples: int
    batch_size: int | None = None
    seed: int = 0
    options: Sequence[str] = ()
    inputs: Sequence[Path] = ()
    seconds: float


class AttackStudy(Study):
    """A study of single attacks; a subclass says which runs there are."""

    @abstractmethod
    def runs(self, victim: Any) -> Iterable[Run]:
        """All runs on a victim; its weights are not needed."""

    def check(self) -> None:
        """Refuse runs that share a key or a place, and a study without any."""
        count = 0
        for victim in self.victims:
            runs = list(self.runs(victim))
            places = [place_of(victim.name, run.place) for run in runs]
            keys = [run.key for run in runs]
            refuse_doubles('the place of a run', zip(places, keys, strict=True))
            refuse_doubles('the key of a run', zip(keys, places, strict=True))
            count += len(runs)
        names = [victim.name for victim in self.victims]
        require(count > 0, f'the runs on {", ".join(names)}', 'at least one', [])

    def at(self, victim: Any, run: Run) -> Path:
        """The folder of a run's results."""
        return self.folder / victim.name / run.place

    def jobs(self, victim: Any) -> Iterator[StudyJob]:
        """One per run."""
        told: list[object] = [self.config(victim), self.checkpoint(victim)]
        for run in self.runs(victim):
            words = [*told, '--attack', Written('attack.py', {'attack': run.attack})]
            words += ['--seed', run.seed, '--max-samples', run.samples]
            words += [] if run.batch_size is None else ['--batch-size', run.batch_size]
            yield StudyJob(
                Path(victim.name) / run.place,
                'attack',
                words,
                ['settings.previews=0', *victim.options, *run.options],
                run.inputs,
                run.seconds,
            )
