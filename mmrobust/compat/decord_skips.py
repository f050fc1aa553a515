"""decord loses frames of a video whose frames have no timestamps of their own.

AVI stores none for the frames that wait behind B-frames (XviD and DivX, as in
HMDB51 and UCF101). decord 0.6.0 skips to a frame by naming the timestamps that
its decoding thread shall discard; with those missing, the last frame may be
among them, if the thread gets there before the list is cleared, and the frame
returned before is given in its place: another clip at each reading
(dmlc/decord issue 195). Read one after another, all frames are right.
"""

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

from mmrobust.compat._base import Break
from mmrobust.compat._imports import find_real, when_imported

# Seconds: what FFmpeg's "no timestamp" comes to lies far below.
EARLIEST = -1e9


def has_timestamps(reader: Any) -> bool:
    """Whether each frame of a ``decord.VideoReader`` has a timestamp, and no other has the same."""
    import numpy as np

    starts = reader.get_frame_timestamp(range(len(reader)))[:, 0]
    return bool(starts.min() > EARLIEST and (np.diff(starts) > 0).all())


def in_sequence(load: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    """``DecordDecode``'s loader, reading frame by frame where skipping is unsafe."""

    @functools.wraps(load)
    def loader(self: Any, container: Any, frame_inds: Any) -> list[Any]:
        inside = frame_inds.size > 0 and 0 <= frame_inds.min() <= frame_inds.max() < len(container)
        if self.mode != 'accurate' or not inside or has_timestamps(container):
            return load(self, container, frame_inds)
        wanted, frames = set(frame_inds.tolist()), {}
        container.seek(0)
        for index in range(max(wanted) + 1):
            frame = container.next()
            if index in wanted:
                frames[index] = frame.asnumpy()
        # A frame that is asked for twice is two arrays, which later steps may write to.
        return [frames[index].copy() for index in frame_inds.tolist()]

    return loader


class LostFrames(Break):
    """decord with AVI files that have B-frames."""

    name = 'decord and videos without timestamps'
    symptom = 'the last frame is another one at some readings'
    remedy = 'DecordDecode reads such videos (AVI with B-frames) frame by frame'

    def detect(self) -> bool:
        """Always with decord: 0.6.0 is its last release."""
        return find_real('decord') is not None

    def heal(self) -> None:
        """Wait for MMAction2's decoding."""
        when_imported('mmaction.datasets.transforms.loading', self._patch)

    def _patch(self, module: ModuleType) -> None:
        decode = module.__dict__['DecordDecode']
        decode._decord_load_frames = in_sequence(decode._decord_load_frames)
        self.note()
