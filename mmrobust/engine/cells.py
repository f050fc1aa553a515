"""The versions of a sample: clean, and under each kind of corruption at each severity."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mmrobust.corruptions import Draws
from mmrobust.corruptions.cues import Stage
from mmrobust.engine.process_settings import randomness_kept
from mmrobust.engine.saved_cells import SavedCells
from mmrobust.evaluation.corruptions import CLEAN, cell_name, control_name
from mmrobust.functional.checks import one_line

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Cell:
    """A sample in one cell.

    Attributes:
        name: ``clean``, or kind and severity; of cues the kind alone.
        packed: The pipeline's results for it; None where it could not be made.
        hole: Why it could not be made.
        box: With which the person is cut out, (4,); None: its own.
        saved: What its file is; None where none is wanted.
        facts: What is told of it beside the victim's answer.
    """

    name: str
    packed: Any = None
    hole: str | None = None
    box: NDArray[np.float64] | None = None
    saved: dict[str, Any] | None = None
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Version:
    """A sample under a kind at a severity, as the pipeline takes it; or why there is none.

    Attributes:
        cell: Name of its cell.
        severity: 1 to 5.
        value: What the kind has made: frames, or a track.
        packed: The pipeline's results for it.
        hole: Why there is neither.
    """

    cell: str
    severity: int
    value: Any = None
    packed: Any = None
    hole: str | None = None


@dataclass
class Cells(ABC):
    """What the cells of a run are, and how those of a sample are made.

    Attributes:
        kinds: Of corruption.
        severities: Ascending.
        control: Whether cells have noise of their size beside, where that is one.
        seed: Of the run.
        saved: Where all versions are kept as files, if they are.
    """

    kinds: Sequence[Any]
    severities: Sequence[int]
    control: bool
    seed: int
    saved: SavedCells | None = field(default=None, kw_only=True)

    @property
    def names(self) -> list[str]:
        """Of all cells, the clean one first."""
        found = [CLEAN]
        for kind in self.kinds:
            found += [cell_name(kind.name, s) for s in self.severities]
            if self.has_control(kind):
                found += [control_name(kind.name, s) for s in self.severities]
        return found

    @abstractmethod
    def has_control(self, kind: Any) -> bool:
        """Whether cells of a kind have noise of their size beside."""

    @abstractmethod
    def install(self, victim: Any, dataset: Any) -> None:
        """Let a data set (without wrappers) give what ``of_sample`` takes.

        Raises:
            ValueError: It cannot.
        """

    @abstractmethod
    def of_sample(
        self, pipeline: Any, prepared: Any, index: int, stage: Stage | None
    ) -> Iterator[Cell]:
        """The clean cell, then kind after kind; the severities of a kind share their draws.

        Args:
            pipeline: Of the sample's data set.
            prepared: The sample.
            index: In all samples.
            stage: The sample to be filmed again; None where there are no cues.
        """

    @abstractmethod
    def strips(self) -> dict[str, Picture]:
        """Kind -> the sample that was made last, clean and at each severity (H, W, 3), RGB."""

    def ladder(
        self, kind: Any, clean: Any, draws: Draws, packed: Callable[[Any], Any]
    ) -> Iterator[Version]:
        """A kind at each severity; what fails leaves a hole, and the others go on.

        Args:
            kind: The kind.
            clean: The clip or the track.
            draws: Of kind and sample.
            packed: The pipeline's results for a version.
        """
        versions = kind.ladder(clean, draws, self.severities)
        for number, severity in enumerate(self.severities, 1):
            name = cell_name(kind.name, severity)
            try:
                value = next(versions)
                found = Version(name, severity, value, packed(value))
            except Exception as error:
                found = Version(name, severity, hole=one_line(error))
                # A generator that has raised gives nothing more.
                versions = kind.ladder(clean, draws, self.severities[number:])
            yield found

    def controls(
        self, kind: Any, sizes: Mapping[int, Any], made: Callable[[str, Any], Cell]
    ) -> Iterator[Cell]:
        """Noise of the size of each severity; a hole where that is one.

        Args:
            kind: The kind.
            sizes: Severity -> how much it changed.
            made: The cell of a name with noise of a size.
        """
        for severity in self.severities:
            name = control_name(kind.name, severity)
            if severity in sizes:
                yield made(name, sizes[severity])
            else:
                yield Cell(name, hole=f'{cell_name(kind.name, severity)} is one')


@contextmanager
def repeatable(seed: int) -> Iterator[None]:
    """The same global random numbers for all cells of a sample, should the pipeline draw any."""
    with randomness_kept():
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        torch.manual_seed(seed)
        yield
