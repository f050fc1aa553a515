"""The versions of a video or a picture: clean, corrupted, and filmed again.

Shapes: T frames, H, W pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from mmrobust.corruptions import Corruption, Draws
from mmrobust.corruptions.box_corruption import BoxCorruption
from mmrobust.corruptions.cues import Cue, Stage
from mmrobust.corruptions.equal_noise import equal_noise, rmse
from mmrobust.engine.cells import Cell, Cells, Picture, repeatable
from mmrobust.engine.saved_cells import SavedCells
from mmrobust.evaluation.corruptions import CLEAN, cell_name
from mmrobust.evaluation.cues import CUE
from mmrobust.functional.checks import one_line
from mmrobust.functional.psnr import psnr
from mmrobust.functional.randomness import sample_seed
from mmrobust.io.frames import enlarge
from mmrobust.victims.base import Victim
from mmrobust.victims.cells import FramePipeline, Prepared
from mmrobust.visualization.panels import tiled

# RGB.
OUTLINE = (255, 220, 0)
# Letters of a strip, in pixels.
SIZE = 13
# Clean and five severities; cues may be more.
COLUMNS = 6


@dataclass
class FrameCells(Cells):
    """Cells of samples that have frames.

    Attributes:
        kinds: Of corruption.
        cues: Kinds that film samples again.
        shown: Kind -> caption -> one frame (H, W, 3) of the sample that was made last.
    """

    kinds: Sequence[Corruption]
    cues: Sequence[Cue] = ()
    shown: dict[str, dict[str, Picture]] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """With the cues."""
        return super().names + [cue.name for cue in self.cues]

    def has_control(self, kind: Corruption) -> bool:
        """Of kinds that change single frames, or those of a clip."""
        return self.control and kind.level in ('frame', 'clip') and not of_files(kind)

    def install(self, victim: Victim, dataset: Any) -> None:
        """The pipeline, which can go on from its decoded frames."""
        victim.install(dataset)
        made: Any = victim.cells
        whole = any(map(of_files, self.kinds))
        dataset.pipeline = made(dataset.pipeline.transforms, whole=whole)

    def of_sample(
        self, pipeline: FramePipeline, prepared: Prepared, index: int, stage: Stage | None
    ) -> Iterator[Cell]:
        """The clean cell, then kind after kind, then the cues."""
        sample = _Sample(pipeline, prepared, index, sample_seed(self.seed, index), self.saved)
        yield sample.cell(CLEAN, prepared.canvas.frames)
        for kind in self.kinds:
            if isinstance(kind, BoxCorruption):
                yield from self._of_boxes(kind, sample)
            else:
                yield from self._of_kind(kind, sample)
        if stage is not None:
            yield from self._of_cues(sample, stage)

    def strips(self) -> dict[str, Picture]:
        """One frame of each version, side by side."""
        found = {}
        for kind, shown in self.shown.items():
            tiles = [(name, enlarge(frame[None])[0]) for name, frame in shown.items()]
            found[kind] = tiled(tiles, min(len(tiles), COLUMNS), SIZE)
        return found

    def _of_kind(self, kind: Corruption, sample: _Sample) -> Iterator[Cell]:
        prepared, whole = sample.prepared, of_files(kind)
        shown, sizes = {CLEAN: _middle(prepared.canvas.frames)}, {}
        clip = prepared.whole if whole else prepared.canvas
        assert clip is not None
        draws = Draws(self.seed, kind.name, prepared.key)
        for one in self.ladder(kind, clip, draws, partial(sample.packed, whole=whole)):
            if one.hole is not None:
                yield Cell(one.cell, hole=one.hole)
                continue
            shown[f'severity {one.severity}'] = _middle(one.value)
            if self.has_control(kind):
                sizes[one.severity] = rmse(clip.frames, one.value)
            yield sample.cell(one.cell, one.value, one.packed, whole)
        if self.has_control(kind):
            noise = Draws(self.seed, f'{kind.name}_control', prepared.key)
            yield from self.controls(
                kind,
                sizes,
                lambda name, size: sample.cell(name, equal_noise(prepared.canvas, size, noise)),
            )
        self.shown[kind.name] = shown

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
        self.shown[kind.name] = shown

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
        self.shown[CUE] = shown


class _Sample:
    """One sample, whose cells are finished and kept."""

    def __init__(
        self,
        pipeline: FramePipeline,
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
        with repeatable(self.seed):
            return finish(self.prepared, frames)

    def cell(
        self, name: str, frames: NDArray[np.uint8], packed: Any = None, whole: bool = False
    ) -> Cell:
        """A version in its cell, which is kept as a file where that is wanted."""
        packed = self.packed(frames, whole) if packed is None else packed
        clip = self.prepared.whole if whole else self.prepared.canvas
        assert clip is not None
        facts = {'psnr': None if name == CLEAN else _psnr(clip.frames, frames)}
        kept = None
        if self.saved is not None:
            kept = self.saved.write(self.files, name, frames, whole=whole)
        return Cell(name, packed, saved=kept, facts=facts)

    def filmed(
        self, name: str, frames: NDArray[np.uint8], packed: Any, background: int | None
    ) -> Cell:
        """A video filmed again, whose frames have no counterpart in the clean one."""
        kept = None
        if self.saved is not None:
            kept = self.saved.write(self.files, name, frames, whole=True)
        facts: dict[str, Any] = {'psnr': None}
        facts |= {} if background is None else {'background': background}
        return Cell(name, packed, saved=kept, facts=facts)

    def boxed(self, name: str, box: NDArray[np.float64]) -> Cell:
        """The clean picture with another box, which is written down beside the file."""
        with repeatable(self.seed):
            packed = self.pipeline.finish_boxed(self.prepared, box)
        kept = None
        if self.saved is not None:
            frames = self.prepared.canvas.frames
            kept = self.saved.write(self.files, name, frames, whole=False) | {'box': box.tolist()}
        return Cell(name, packed, box=box, saved=kept, facts={'psnr': None})


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
