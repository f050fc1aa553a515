"""Tracks that trackers have smoothed; the ladder is ours."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mmrobust.corruptions.tracks.base import TrackCorruption
from mmrobust.corruptions.tracks.track import Track
from mmrobust.registry import TRACK_CORRUPTIONS


@TRACK_CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Lag(TrackCorruption):
    """Joints that follow late: exponential smoothing.

    ``constants`` are the share of the way to where a joint is that it goes in a frame. A joint
    starts, after a gap as well, where it is found.
    """

    group: ClassVar[str] = 'joints'
    has_control: ClassVar[bool] = True
    constants: ClassVar[tuple[float, ...]] = (0.8, 0.6, 0.4, 0.3, 0.2)

    def apply(self, track: Track, drawing: Any, severity: int) -> Track:
        """The track as it lags behind."""
        share = self.constants[severity - 1]
        found = track.found[..., None]
        late = track.keypoint.astype(np.float64)
        for time in range(1, late.shape[1]):
            goes = late[:, time - 1] + share * (late[:, time] - late[:, time - 1])
            late[:, time] = np.where(found[:, time - 1], goes, late[:, time])
        return track.at(late)
