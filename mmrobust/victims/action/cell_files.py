"""Corrupted videos as files.

Shapes: T frames, H, W pixels.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import deepcopy
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrobust.functional.checks import require
from mmrobust.functional.naming import NAME_KEY
from mmrobust.io.video import write_lossless
from mmrobust.victims.action.full_video import FullVideo, Pipeline, check_readable, on_canvas
from mmrobust.victims.cells import CellFiles, Prepared

# A name may take 255 bytes, of which a letter takes up to four.
MAX_LETTERS = 60


class VideoCellFiles(CellFiles):
    """Whole videos: those of the canvas with the sampled frames replaced, the others clean.

    The stock pipeline samples the same frames of them, and its Resize leaves them as they are.

    Args:
        pipeline: Whose reader will read them.
        lead: Its transforms up to the canvas.
        prepared: The sample.
        index: In the data set.
        readable: Sizes of frames of which a file has been read back; grows.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        lead: Sequence[Any],
        prepared: Prepared,
        index: int,
        readable: set[tuple[int, ...]],
    ) -> None:
        self.pipeline, self.lead, self.prepared = pipeline, lead, prepared
        self.readable = readable
        self.name = video_name(index, prepared.info.get(NAME_KEY))

    def write(self, path: Path, frames: NDArray[np.uint8], *, whole: bool) -> None:
        """Write a video at the rate of its file."""
        if whole:
            rate = self._video.fps if self.prepared.whole is None else self.prepared.whole.rate
        else:
            video = self._video
            rate, sampled = video.fps, frames
            frames = video.frames.copy()
            frames[list(self.prepared.canvas.indices)] = sampled
        write_lossless(path, frames, rate)
        size = frames.shape[1:]
        if size not in self.readable:
            check_readable(path, frames, self.pipeline, '--save')
            self.readable.add(size)

    @cached_property
    def _video(self) -> FullVideo:
        """All clean frames on the canvas."""
        found = on_canvas(self.lead, deepcopy(self.prepared.info))
        canvas = self.prepared.canvas
        same = np.array_equal(found.frames[list(canvas.indices)], canvas.frames)
        rule = 'used with a decoder that gives the same frames each time'
        require(same, '--save', rule, self.name)
        return found


def video_name(index: int, given: str | None) -> str:
    """A video's index; of a file that the user named, his name before it.

    Blanks would end the name in a list that ``VideoDataset`` reads.
    """
    if given is None:
        return f'{index:06d}.mkv'
    plain = re.sub(r'[^\w.-]', '_', Path(given).stem)[:MAX_LETTERS]
    return f'{plain}_{index:06d}.mkv'
