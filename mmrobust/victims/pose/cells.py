"""Pictures with other pixels, through the rest of a pose estimator's test pipeline."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions import Clip
from mmrobust.datasets.broken_files import blaming_the_file
from mmrobust.datasets.clips import Results, with_frames
from mmrobust.datasets.other_box import with_box
from mmrobust.functional.checks import require
from mmrobust.victims.cells import FramePipeline, Prepared
from mmrobust.victims.pose.cell_files import PictureCellFiles
from mmrobust.victims.pose.loading import sample_name


class PictureCells(FramePipeline):
    """Cut behind the first transform, which reads the photograph.

    Persons are cut out of the corrupted photograph, as a camera would have given it, with the
    boxes of the data set.
    """

    of = 'pictures'

    def name(self, data_info: Results) -> str:
        """The picture, and which of its persons."""
        return sample_name(data_info)

    def decoded(self, data_info: Results) -> tuple[Results, Clip | None]:
        """The photograph."""
        return self._run(data_info, 0, 1), None

    def rest(self, state: Results) -> Results:
        """What comes behind reading."""
        return self._run(state, 1, len(self.transforms))

    def finish_whole(self, prepared: Prepared, frames: NDArray[np.uint8]) -> Results:
        """A picture is no video: kinds of those are refused before."""
        raise NotImplementedError

    def finish_boxed(self, prepared: Prepared, box: NDArray[np.float64]) -> Results:
        """What comes behind reading, with another box."""
        state = with_frames(deepcopy(prepared.state), prepared.canvas.frames, prepared.rows)
        return with_box(self.transforms[1:], state, box)

    def files(self, prepared: Prepared, index: int, folder: str | None) -> PictureCellFiles:
        """Pictures, one for all persons in it."""
        return PictureCellFiles(self.transforms[0], prepared, folder)

    def _run(self, state: Results, first: int, end: int) -> Results:
        for transform in self.transforms[first:end]:
            with blaming_the_file(transform, state):
                after = transform(state)
            require(after is not None, type(transform).__name__, 'a result', None)
            state = after
        return state
