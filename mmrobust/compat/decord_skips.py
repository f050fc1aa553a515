"""decord gives wrong frames where it must go to a place in a video whose frames are reordered.

AVI and MPEG program streams store no timestamps for the frames that wait behind B-frames
(XviD and DivX, as in HMDB51). decord 0.6.0 goes to a frame by the timestamp of a keyframe, and
from there names those that its decoding thread shall discard. With timestamps missing it lands
at another keyframe, the same at each reading; and the last frame may be among the discarded, if
the thread gets there before the list is cleared, so that the frame returned before is
given in its place: another clip at each reading (dmlc/decord issue 195). With all timestamps
there, in MP4, MOV and Matroska, it lands beside or before the frame if B-frames are of any codec
but H.264: MPEG-2, MPEG-4 Part 2, H.265. Read one after another from the start, the frames are
those of the video.

In an MPEG transport stream decord never gets to the frames before the second keyframe, and
fails where there is none: such files are read by PyAV, and AVI and Matroska files
that were cut short: decord crashes on them.
"""

import functools
import os.path
from collections.abc import Callable
from types import ModuleType
from typing import Any

from mmrobust.compat._base import Break
from mmrobust.compat._imports import find_real, when_imported
from mmrobust.compat._scope import within
from mmrobust.compat.cut_files import missing_bytes

# Seconds: what FFmpeg's "no timestamp" comes to lies far below.
EARLIEST = -1e9
# FFmpeg's names of containers of which a file that was cut short crashes decord: AVI at once,
# Matroska and WebM when the next reader is opened.
CRASHES = ('avi', 'matroska,webm')
# Attribute of readers of reordered frames among which decord does not find its way.
REORDERED = 'mmrobust_reordered'


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
        if not known or (has_timestamps(container) and not hasattr(container, REORDERED)):
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


def by_coding(open_reader: Callable[..., Any]) -> Callable[..., Any]:
    """``DecordInit``'s opening of a file, minding container and codec."""

    @functools.wraps(open_reader)
    def opener(self: Any, filename: str) -> Any:
        from mmrobust.compat.ordered_reader import OrderedReader, coding

        local = self.io_backend == 'disk' and os.path.isfile(filename)
        known = coding(filename) if local else None
        if known is None:
            return open_reader(self, filename)
        container, codec, reordered = known
        if container == 'mpegts' or (container in CRASHES and missing_bytes(filename)):
            return OrderedReader(filename)
        reader = open_reader(self, filename)
        if reordered and codec != 'h264':
            setattr(reader, REORDERED, True)
        return reader

    return opener


class WrongFrames(Break):
    """decord with reordered frames."""

    name = 'decord and videos with B-frames'
    symptom = 'frames from elsewhere; the last one another at some readings'
    remedy = 'read frame by frame in AVI, MPEG, and where the codec is not H.264'
    changes_behaviour = True

    def detect(self) -> bool:
        """Always with decord: 0.6.0 is its last release."""
        return find_real('decord') is not None

    def heal(self) -> None:
        """Wait for MMAction2's decoding."""
        when_imported('mmaction.datasets.transforms.loading', self._patch)

    def _patch(self, module: ModuleType) -> None:
        decode, init = module.__dict__['DecordDecode'], module.__dict__['DecordInit']
        load, open_reader = decode._decord_load_frames, init._get_video_reader
        decode._decord_load_frames = within(load, in_sequence(load))
        init._get_video_reader = within(open_reader, by_coding(open_reader))
        self.note()
