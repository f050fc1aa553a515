"""Tracks with other joints, through a skeleton recogniser's test pipeline.

Shapes: M persons, T frames, V joints, C coordinates.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.tracks import Track
from mmrobust.datasets.clips import sample_key
from mmrobust.functional.checks import require
from mmrobust.victims.cells import CellPipeline
from mmrobust.victims.samples import RefusedError, Results
from mmrobust.victims.skeleton.loading import track_name
from mmrobust.victims.skeleton.path import is_planar
from mmrobust.victims.skeleton.tracks import checked_track


@dataclass(frozen=True)
class PreparedTrack:
    """A sample whose track is read.

    Attributes:
        info: What the data set says of it, without the track.
        track: Its places and scores.
        scored: Whether scores are the last of the file's coordinates.
        planar: Whether joints lie in a picture.
        key: What its random numbers depend on.
    """

    info: Results
    track: Track
    scored: bool
    planar: bool
    key: int | str

    def arrays(self, track: Track) -> dict[str, NDArray[Any]]:
        """A version of the track as annotations have it, in the types of the file."""
        if self.scored:
            assert track.score is not None
            joined = np.concatenate([track.keypoint, track.score[..., None]], axis=-1)
            return {'keypoint': joined}
        found = {'keypoint': track.keypoint.copy()}
        return found if track.score is None else found | {'keypoint_score': track.score.copy()}


class SkeletonCells(CellPipeline):
    """Cut before the first transform: what is corrupted is the track as the file holds it.

    Args:
        transforms: The pipeline's own transforms.

    Raises:
        RefusedError: Files of its pipeline hold no tracks.
    """

    of = 'tracks'

    def __init__(self, transforms: Any) -> None:
        super().__init__(transforms)
        self.planar = is_planar(self.transforms)
        packed = any(type(one).__name__ == 'DecompressPose' for one in self.transforms)
        if packed:
            raise RefusedError(
                'kinds of skeletons cannot be made with the transform DecompressPose: its files '
                'hold no tracks (persons, frames, joints, coordinates)'
            )

    def name(self, data_info: Results) -> str:
        """The video whose joints they are, as its data set names it."""
        return track_name(data_info)

    def followed(self, data_info: Results) -> tuple[Results, PreparedTrack]:
        """No inputs yet, and the sample."""
        keypoint, score = checked_track(data_info), data_info.get('keypoint_score')
        scored = self.planar and score is None and keypoint.shape[3] == 3
        if scored:
            keypoint, score = keypoint[..., :2], keypoint[..., 2]
        info = {k: v for k, v in data_info.items() if k not in ('keypoint', 'keypoint_score')}
        track = Track(keypoint, None if score is None else np.asarray(score))
        return {}, PreparedTrack(info, track, scored, self.planar, sample_key(info))

    def finish(self, prepared: PreparedTrack, track: Track) -> Results:
        """Packed inputs of the sample with a version of its track, of any number of frames."""
        arrays = prepared.arrays(track)
        state = deepcopy(prepared.info) | arrays | {'total_frames': track.keypoint.shape[1]}
        for transform in self.transforms:
            after = transform(state)
            require(after is not None, type(transform).__name__, 'a result', None)
            state = after
        return state
