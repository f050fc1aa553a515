"""Joints that are found elsewhere; the ladder is ours."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mmrobust.corruptions.draws import Draws
from mmrobust.corruptions.tracks.base import TrackCorruption
from mmrobust.corruptions.tracks.track import Track
from mmrobust.registry import TRACK_CORRUPTIONS


@TRACK_CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Outliers(TrackCorruption):
    """Joints anywhere in the box round the person's joints, each in each frame for itself.

    ``constants`` are the chances. Scores stay: the estimator is sure of it. What is wrong at one
    severity is wrong at all higher ones, and lies in the same place.
    """

    group: ClassVar[str] = 'joints'
    has_control: ClassVar[bool] = True
    constants: ClassVar[tuple[float, ...]] = (0.01, 0.02, 0.05, 0.1, 0.2)

    def draw(self, track: Track, draws: Draws) -> Any:
        """Numbers in [0, 1): chances (M, T, V), and places in the box (M, T, V, C)."""
        shape = track.keypoint.shape
        return draws.of_clip('which').random(shape[:3]), draws.of_clip('where').random(shape)

    def apply(self, track: Track, drawing: Any, severity: int) -> Track:
        """The track with them."""
        chances, places = drawing
        seen = track.found[..., None]
        low = np.where(seen, track.keypoint, np.inf).min(2, keepdims=True)
        high = np.where(seen, track.keypoint, -np.inf).max(2, keepdims=True)
        # Of a frame without any joint there is no box, and nothing to put into it.
        low, high = (np.where(np.isfinite(side), side, 0) for side in (low, high))
        wrong = (chances < self.constants[severity - 1])[..., None]
        return track.at(np.where(wrong, low + places * (high - low), track.keypoint))
