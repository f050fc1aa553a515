"""The versions of a sample: clean, and under each kind of corruption at each severity.

Shapes: T frames, H, W pixels.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from mmrobust.corruptions import Corruption, Draws
from mmrobust.corruptions.box_corruption import BoxCorruption
from mmrobust.corruptions.cues import Cue, Stage
from mmrobust.corruptions.equal_noise import equal_noise, rmse
from mmrobust.engine.process_settings import randomness_kept
from mmrobust.engine.saved_cells import SavedCells
from mmrobust.evaluation.corruptions import CLEAN, cell_name, control_name
from mmrobust.evaluation.cues import CUE
from mmrobust.functional.checks import one_line
from mmrobust.functional.psnr import psnr
from mmrobust.functional.randomness import sample_seed
from mmrobust.victims.cells import CellPipeline, Prepared

# RGB.
OUTLINE = (255, 220, 0)


@dataclass(frozen=True)
class Cell:
    """A sample in one cell.

    Attributes:
        name: ``clean``, or kind and severity; of cues the kind alone.
        packed: The pipeline's results for it; None where it could not be made.
        psnr: In dB against the clean frames; None where frames have no counterpart.
        hole: Why it could not be made.
        background: The class of the video whose scenery is seen in the place of its own.
        box: With which the person is cut out, (4,); None: its own.
        saved: What its file is; None where none is wanted.
    """

    name: str
    packed: Any = None
    psnr: float | None = None
    hole: str | None = None
    box: NDArray[np.float64] | None = None
    saved: dict[str, Any] | None = None
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
        saved: Where all versions are kept as files, if they are.
        strips: Kind -> caption -> one frame (H, W, 3) of the sample that was made last.
    """

    kinds: Sequence[Corruption]
    severities: Sequence[int]
    control: bool
    seed: int
    cues: Sequence[Cue] = ()
    saved: SavedCells | None = None
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
        sample = _Sample(pipeline, prepared, index, sample_seed(self.seed, index), self.saved)
        yield sample.cell(CLEAN, prepared.canvas.frames)
        for kind in self.kinds:
            if isinstance(kind, BoxCorruption):
                yield from self._of_boxes(kind, sample)
            else:
                yield from self._of_kind(kind, sample)
        if stage is not None:
            yield from self._of_cues(sample, stage)

    def _of_kind(self, kind: Corruption, sample: _Sample) -> Iterator[Cell]:
        prepared, whole = sample.prepared, of_files(kind)
        shown, sizes = {CLEAN: _middle(prepared.canvas.frames)}, {}
        clip = prepared.whole if whole else prepared.canvas
        assert clip is not None
        draws = Draws(self.seed, kind.name, prepared.key)
        ladder = kind.ladder(clip, draws, self.severities)
        for number, severity in enumerate(self.severities, 1):
            name = cell_name(kind.name, severity)
            try:
                frames = next(ladder)
                packed = sample.packed(frames, whole)
            except Exception as error:
                yield Cell(name, hole=one_line(error))
                # A generator that has raised gives nothing more.
                ladder = kind.ladder(clip, draws, self.severities[number:])
                continue
            shown[f'severity {severity}'] = _middle(frames)
            if self._has_control(kind):
                sizes[severity] = rmse(clip.frames, frames)
            yield sample.cell(name, frames, packed, whole)
        if self._has_control(kind):
            yield from self._controls(kind, sample, sizes)
        self.strips[kind.name] = shown

    def _of_boxes(self, kind: BoxCorruption, sample: _Sample) -> Iterator[Cell]:
        """The clean picture, cut out with another box; persons of one picture have their own."""
        prepared = sample.prepared
        picture, own = prepared.canvas, np.asarray(prepared.state['bbox'][0, :4], np.float64)
        drawing = kind.draw(picture, Draws(self.seed, kind.name, sample.person))
        shown = {CLEAN: _framed(picture.frames[0], own)}
        for severity in self.severities:
            box = kind.changed(own, drawing, severity)
            yield sample.boxed(cell_name(kind.name, severity), box)
            shown[f'severity {severity}'] = _framed(picture.frames[0], box)
        self.strips[kind.name] = shown

    def _of_cues(self, sample: _Sample, stage: Stage) -> Iterator[Cell]:
        """The sample filmed again, once for each cue."""
        shown = {CLEAN: _middle(stage.film())}
        for cue in self.cues:
            draws = Draws(self.seed, cue.draws, sample.prepared.key)
            try:
                frames, other = cue.shot(stage, draws), cue.scenery(stage, draws)
                packed = sample.packed(frames, whole=True)
            except Exception as error:
                yield Cell(cue.name, hole=one_line(error))
                continue
            shown[cue.name] = _middle(frames)
            background = None if other is None else stage.label(other)
            yield sample.filmed(cue.name, frames, packed, background)
        self.strips[CUE] = shown

    def _controls(
        self, kind: Corruption, sample: _Sample, sizes: Mapping[int, float]
    ) -> Iterator[Cell]:
        """White noise of the size of each severity; a hole where that is one."""
        draws = Draws(self.seed, f'{kind.name}_control', sample.prepared.key)
        for severity in self.severities:
            name = control_name(kind.name, severity)
            if severity not in sizes:
                yield Cell(name, hole=f'{cell_name(kind.name, severity)} is one')
                continue
            yield sample.cell(name, equal_noise(sample.prepared.canvas, sizes[severity], draws))


class _Sample:
    """One sample, whose cells are finished and kept."""

    def __init__(
        self,
        pipeline: CellPipeline,
        prepared: Prepared,
        index: int,
        seed: int,
        saved: SavedCells | None,
    ) -> None:
        self.pipeline, self.prepared, self.seed, self.saved = pipeline, prepared, seed, saved
        self.person = f'{prepared.key}#{prepared.info.get("id", index)}'
        if saved is not None:
            self.files = pipeline.files(prepared, index, saved.data_folder(index))

    def packed(self, frames: NDArray[np.uint8], whole: bool) -> Any:
        """The pipeline's results for a version."""
        finish = self.pipeline.finish_whole if whole else self.pipeline.finish
        with _repeatable(self.seed):
            return finish(self.prepared, frames)

    def cell(
        self, name: str, frames: NDArray[np.uint8], packed: Any = None, whole: bool = False
    ) -> Cell:
        """A version in its cell, which is kept as a file where that is wanted."""
        packed = self.packed(frames, whole) if packed is None else packed
        clip = self.prepared.whole if whole else self.prepared.canvas
        assert clip is not None
        loud = None if name == CLEAN else _psnr(clip.frames, frames)
        kept = None
        if self.saved is not None:
            kept = self.saved.write(self.files, name, frames, whole=whole)
        return Cell(name, packed, loud, saved=kept)

    def filmed(
        self, name: str, frames: NDArray[np.uint8], packed: Any, background: int | None
    ) -> Cell:
        """A video filmed again, whose frames have no counterpart in the clean one."""
        kept = None
        if self.saved is not None:
            kept = self.saved.write(self.files, name, frames, whole=True)
        return Cell(name, packed, saved=kept, background=background)

    def boxed(self, name: str, box: NDArray[np.float64]) -> Cell:
        """The clean picture with another box, which is written down beside the file."""
        with _repeatable(self.seed):
            packed = self.pipeline.finish_boxed(self.prepared, box)
        kept = None
        if self.saved is not None:
            frames = self.prepared.canvas.frames
            kept = self.saved.write(self.files, name, frames, whole=False) | {'box': box.tolist()}
        return Cell(name, packed, box=box, saved=kept)


@contextmanager
def _repeatable(seed: int) -> Iterator[None]:
    """The same global random numbers for all cells of a sample, should the pipeline draw any."""
    with randomness_kept():
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        torch.manual_seed(seed)
        yield


def _framed(picture: NDArray[np.uint8], box: NDArray[np.float64]) -> NDArray[np.uint8]:
    """A copy with the outline of a box."""
    found = picture.copy()
    left, top, right, bottom = (int(edge) for edge in np.rint(box))
    cv2.rectangle(found, (left, top), (right - 1, bottom - 1), OUTLINE)
    return found


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
