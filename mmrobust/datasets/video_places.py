"""Which frame of which video a picture is, and whom of the persons in it a sample follows."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Place:
    """A frame of a video.

    Attributes:
        video: What the frames of one video share.
        frame: Its number; one more is the next frame.
        track: Of the person, where the data set says who is who; None where it does not.
    """

    video: str
    frame: int
    track: int | None = None


def place_of(info: Mapping[str, Any]) -> Place | None:
    """Where a picture is from; None where the data set does not say that it is from a video.

    Args:
        info: What the data set says of a sample: ``video`` and ``frame``, or, as in PoseTrack, a
            raw annotation with a ``track_id`` and pictures that are called by their number, one
            folder for each video. Numbers alone say nothing: COCO's pictures have some, too.
    """
    raw = info.get('raw_ann_info')
    track = raw.get('track_id') if isinstance(raw, Mapping) else None
    known = None if track is None else int(track)
    if 'video' in info and 'frame' in info:
        return Place(os.path.basename(str(info['video'])), int(info['frame']), known)
    folder, name = os.path.split(str(info.get('img_path', '')))
    stem = os.path.splitext(name)[0]
    if known is None or not stem.isdecimal():
        return None
    return Place(os.path.basename(folder), int(stem), known)
