"""decord gives wrong frames of a video whose frames have no timestamps of their own.

AVI stores none for the frames that wait behind B-frames (XviD and DivX, as in HMDB51).
decord 0.6.0 goes to a frame by the timestamp of a keyframe, and from there names those
that its decoding thread shall discard. With timestamps missing it lands at another
keyframe, the same at each reading; and the last frame may be among the discarded, if
the thread gets there before the list is cleared, so that the frame returned before is
given in its place: another clip at each reading (dmlc/decord issue 195). Read one after
another from the start, the frames are those of the video.

Where all timestamps are there, decord is left as it is, though with MPEG-4 Part 2 and
B-frames in MP4 it may go to a neighbouring frame: always to the same. H.264 is exact there.
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
    """Whether each frame of a ``decord.VideoReader`` has a timestamp that no other has."""
    import numpy as np

    starts = reader.get_frame_timestamp(range(len(reader)))[:, 0]
    return bool(starts.min() > EARLIEST and (np.diff(starts) > 0).all())


def in_sequence(load: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    """``DecordDecode``'s loader, reading frame by frame where skipping is unsafe."""

    @functools.wraps(load)
    def loader(self: Any, container: Any, frame_inds: Any) -> list[Any]:
        known = self.mode == 'accurate' and hasattr(container, 'get_frame_timestamp')
        if not known or has_timestamps(container):
            return load(self, container, frame_inds)
        count = len(container)
        # As decord does: fractions are cut off, and -1 is the last frame.
        indices = [int(index) + count * (index < 0) for index in frame_inds]
        if not indices or min(indices) < 0 or max(indices) >= count:
            return load(self, container, frame_inds)
        wanted, frames = set(indices), {}
        container.seek(0)
        for index in range(max(wanted) + 1):
            frame = container.next()
            if index in wanted:
                frames[index] = frame.asnumpy()
        # A frame that is asked for twice is two arrays, which later steps may write to.
        return [frames[index].copy() for index in indices]

    return loader


class WrongFrames(Break):
    """decord with AVI files that have B-frames."""

    name = 'decord and videos without timestamps'
    symptom = 'frames from elsewhere; the last one another at some readings'
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
