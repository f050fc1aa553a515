"""The versions of a sample: clean, and under each kind of corruption at each severity.

Shapes: T frames, H, W pixels.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mmrobust.corruptions import Corruption, Draws
from mmrobust.corruptions.cues import Cue, Stage
from mmrobust.corruptions.equal_noise import equal_noise, rmse
from mmrobust.engine.process_settings import randomness_kept
from mmrobust.evaluation.corruptions import CLEAN, cell_name, control_name
from mmrobust.functional.checks import one_line
from mmrobust.functional.psnr import psnr
from mmrobust.functional.randomness import sample_seed
from mmrobust.victims.cells import CellPipeline, Prepared

# All cues of a sample are on one strip.
CUE = 'cue'


@dataclass(frozen=True)
class Cell:
    """A sample in one cell.

    Attributes:
        name: ``clean``, or kind and severity; of cues the kind alone.
        packed: The pipeline's results for it; None where it could not be made.
        psnr: In dB against the clean frames; None where frames have no counterpart.
        hole: Why it could not be made.
        background: The class of the video whose scenery is seen in the place of its own.
    """

    name: str
    packed: Any = None
    psnr: float | None = None
    hole: str | None = None
    background: int | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """What is told of it beside the victim's answer."""
        found = {'psnr': self.psnr}
        return found if self.background is None else found | {'background': self.background}


@dataclass
class Cells:
    """What the cells of a run are, and how those of a sample are made.

    Attributes:
        kinds: Of corruption.
        severities: Ascending.
        control: Whether cells of frames have white noise of their size beside.
        seed: Of the run.
        cues: Kinds that film samples again.
        strips: Kind -> caption -> one frame (H, W, 3) of the sample that was made last.
    """

    kinds: Sequence[Corruption]
    severities: Sequence[int]
    control: bool
    seed: int
    cues: Sequence[Cue] = ()
    strips: dict[str, dict[str, NDArray[np.uint8]]] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Of all cells, the clean one first."""
        found = [CLEAN]
        for kind in self.kinds:
            found += [cell_name(kind.name, s) for s in self.severities]
            if self._has_control(kind):
                found += [control_name(kind.name, s) for s in self.severities]
        return found + [cue.name for cue in self.cues]

    def _has_control(self, kind: Corruption) -> bool:
        return self.control and kind.level in ('frame', 'clip') and not of_files(kind)

    def of_sample(
        self, pipeline: CellPipeline, prepared: Prepared, index: int, stage: Stage | None
    ) -> Iterator[Cell]:
        """The clean cell, then kind after kind; the severities of a kind share their draws.

        Args:
            pipeline: Of the sample's data set.
            prepared: The sample.
            index: In all samples.
            stage: The sample to be filmed again; None where there are no cues.
        """
        seed = sample_seed(self.seed, index)
        with _repeatable(seed):
            yield Cell(CLEAN, pipeline.finish(prepared, prepared.canvas.frames))
        for kind in self.kinds:
            yield from self._of_kind(kind, pipeline, prepared, seed)
        if stage is not None:
            yield from self._of_cues(pipeline, prepared, stage, seed)

    def _of_kind(
        self, kind: Corruption, pipeline: CellPipeline, prepared: Prepared, seed: int
    ) -> Iterator[Cell]:
        shown, sizes = {CLEAN: _middle(prepared.canvas.frames)}, {}
        clip = prepared.whole if of_files(kind) else prepared.canvas
        finish = pipeline.finish_whole if of_files(kind) else pipeline.finish
        assert clip is not None
        draws = Draws(self.seed, kind.name, prepared.key)
        ladder = kind.ladder(clip, draws, self.severities)
        for number, severity in enumerate(self.severities, 1):
            name = cell_name(kind.name, severity)
            try:
                frames = next(ladder)
                with _repeatable(seed):
                    packed = finish(prepared, frames)
            except Exception as error:
                yield Cell(name, hole=one_line(error))
                # A generator that has raised gives nothing more.
                ladder = kind.ladder(clip, draws, self.severities[number:])
                continue
            shown[f'severity {severity}'] = _middle(frames)
            if self._has_control(kind):
                sizes[severity] = rmse(clip.frames, frames)
            yield Cell(name, packed, _psnr(clip.frames, frames))
        if self._has_control(kind):
            yield from self._controls(pipeline, prepared, kind, sizes, seed)
        self.strips[kind.name] = shown

    def _of_cues(
        self, pipeline: CellPipeline, prepared: Prepared, stage: Stage, seed: int
    ) -> Iterator[Cell]:
        """The sample filmed again, once for each cue."""
        shown = {CLEAN: _middle(stage.film())}
        for cue in self.cues:
            draws = Draws(self.seed, cue.draws, prepared.key)
            try:
                frames, other = cue.shot(stage, draws), cue.scenery(stage, draws)
                with _repeatable(seed):
                    packed = pipeline.finish_whole(prepared, frames)
            except Exception as error:
                yield Cell(cue.name, hole=one_line(error))
                continue
            shown[cue.name] = _middle(frames)
            yield Cell(cue.name, packed, background=None if other is None else stage.label(other))
        self.strips[CUE] = shown

    def _controls(
        self,
        pipeline: CellPipeline,
        prepared: Prepared,
        kind: Corruption,
        sizes: Mapping[int, float],
        seed: int,
    ) -> Iterator[Cell]:
        """White noise of the size of each severity; a hole where that is one."""
        clip = prepared.canvas
        draws = Draws(self.seed, f'{kind.name}_control', prepared.key)
        for severity in self.severities:
            name = control_name(kind.name, severity)
            if severity not in sizes:
                yield Cell(name, hole=f'{cell_name(kind.name, severity)} is one')
                continue
            noisy = equal_noise(clip, sizes[severity], draws)
            with _repeatable(seed):
                yield Cell(name, pipeline.finish(prepared, noisy), _psnr(clip.frames, noisy))


@contextmanager
def _repeatable(seed: int) -> Iterator[None]:
    """The same global random numbers for all cells of a sample, should the pipeline draw any."""
    with randomness_kept():
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        torch.manual_seed(seed)
        yield


def _middle(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    # A copy: a view would keep all frames of every kind.
    return frames[len(frames) // 2].copy()


def of_files(kind: Corruption) -> bool:
    """Whether it is done to all frames of a file, before any is sampled."""
    return kind.place == 'raw' or kind.level in ('order', 'stream')


def _psnr(clean: NDArray[np.uint8], corrupted: NDArray[np.uint8]) -> float | None:
    """In dB, over all frames; None where their number is another, or nothing differs."""
    if clean.shape != corrupted.shape:
        return None
    # Copies: frames may be read-only, or lie backwards.
    return psnr(torch.from_numpy(clean.copy()), torch.from_numpy(corrupted.copy()))
