"""A study: victims, arms, budgets and seeds, which jobs these are, and what is claimed."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from mmrobust.functional.checks import require
from mmrobust.studies.job import StudyJob
from mmrobust.studies.places import refuse_doubles
from mmrobust.studies.scripts import run_script, trained
from mmrobust.studies.section import Frame, Section


@dataclass(frozen=True, kw_only=True)
class VictimSpec:
    """A model that is attacked.

    Paths are relative to the folder of the study's spec.

    Attributes:
        name: Its own; of its folders, too.
        config: Of the attacks.
        training: Config that trains it; '': that of the attacks.
        weights: Shipped ones; '' where it has to be trained.
        same_as: Name of the victim whose weights it has; '': its own.
        source: Which of the study's sources it needs; '' for embedded data.
        options: Overrides of the config, ``KEY=VALUE``.
        training_options: Likewise of the training's.
        training_data: Files of the source's folder that decide the training.
    """

    name: str
    config: str
    training: str = ''
    weights: str = ''
    same_as: str = ''
    source: str = ''
    options: Sequence[str] = ()
    training_options: Sequence[str] = ()
    training_data: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Source:
    """Data that are not part of the repository: the user has them in a folder.

    Attributes:
        holds: What is in that folder, for messages.
        script: ``python SCRIPT FOLDER OUT`` makes of it what configs read; relative to the spec.
        outputs: OUT, below the study's folder -> further words of the script.
        variable: Environment variable that tells configs of the first OUT; '' for none.
    """

    holds: str
    script: str
    outputs: Mapping[str, Sequence[object]]
    variable: str = ''


@dataclass(kw_only=True)
class Study(ABC):
    """Victims, arms, budgets and seeds; a subclass says which jobs these are, and what they show.

    Its attributes are the options of the spec. Objects of it are sent to other processes.

    Attributes:
        home: Folder of the spec.
        folder: For everything that is made.
        given: Name of a source -> the user's folder.
        sources: By name.
        victims: All of them; those whose source is not given are left out.
        title: Of the page.
        kicker: Above the page's headline.
        remark: In front of all results; '' for nothing.
    """

    home: Path
    folder: Path
    given: Mapping[str, Path]
    sources: Mapping[str, Any] = field(default_factory=dict)
    victims: Sequence[Any]
    title: str
    kicker: str = ''
    remark: str = ''

    # Behind all results: what the columns are.
    note: ClassVar[str] = ''
    # What a victim is in this study; one with more attributes is a subclass.
    victim_type: ClassVar[type[VictimSpec]] = VictimSpec

    def __post_init__(self) -> None:
        self.sources = {name: Source(**each) for name, each in self.sources.items()}
        known = ', '.join(f'{name} ({each.holds})' for name, each in self.sources.items())
        for name in self.given:
            require(name in self.sources, '--source', f'among {known or "none"}', name)
        require(len(self.victims) > 0, 'study.victims', 'at least one victim', self.victims)
        self.victims = [self.victim_type(**each) for each in self.victims]
        names = [victim.name for victim in self.victims]
        configs = [victim.config for victim in self.victims]
        refuse_doubles('the name of a victim', zip(names, configs, strict=True))
        for victim in self.victims:
            there = not victim.same_as or victim.same_as in names
            require(there, f'same_as of victim {victim.name}', f'one of {names}', victim.same_as)
        self.victims = [v for v in self.victims if not v.source or v.source in self.given]
        rule = f'NAME=FOLDER of data that a victim needs, of which there is none without: {known}'
        require(len(self.victims) > 0, '--source', rule, dict(self.given))
        for name in self.given:
            if variable := self.sources[name].variable:
                # Configs are read in other processes, which inherit it.
                os.environ[variable] = str(self.data(name))

    @property
    def frame(self) -> Frame:
        """What stands around the results."""
        return Frame(self.title, self.kicker, self.remark, self.note)

    @abstractmethod
    def jobs(self, victim: Any) -> Iterable[StudyJob]:
        """All jobs on a victim, which is prepared."""

    @abstractmethod
    def sections(self) -> Iterable[Section]:
        """What the jobs found, all being done."""

    def check(self) -> None:  # noqa: B027  (a study may have nothing to refuse)
        """Refuse what can be told to be wrong before anything is trained or run.

        Raises:
            ValueError: Something is; the message says what.
        """

    def prepare(self, victim: Any) -> None:
        """Make what the jobs on a victim need, unless it is there; in a process of its own."""
        self.checkpoint(victim)

    def checkpoint(self, victim: VictimSpec) -> Path:
        """The weights of a victim, trained where there are none."""
        if victim.weights:
            return (self.home / victim.weights).resolve()
        return trained(
            (self.home / (victim.training or victim.config)).resolve(),
            self.folder / 'victims' / (victim.same_as or victim.name),
            victim.training_options,
            [self.data(victim.source) / name for name in victim.training_data],
        )

    def config(self, victim: VictimSpec) -> Path:
        """The config of the attacks on a victim."""
        return (self.home / victim.config).resolve()

    def data(self, source: str) -> Path:
        """Where the first output of a source is."""
        return self.folder / next(iter(self.sources[source].outputs))

    def cut(self) -> None:
        """Make what configs read of the sources that are given, each unless it is there."""
        for name, folder in self.given.items():
            source: Source = self.sources[name]
            for out, words in source.outputs.items():
                mark = self.folder / f'{out}.made'
                told = ' '.join(map(str, (folder, *words)))
                if not (mark.exists() and mark.read_text() == told):
                    script = (self.home / source.script).resolve()
                    run_script(script, folder, self.folder / out, *words)
                    mark.write_text(told)
