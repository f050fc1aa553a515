"""Noise of joints; the ladder is ours."""

from dataclasses import dataclass
from typing import Any, ClassVar

from mmrobust.corruptions.draws import Draws
from mmrobust.corruptions.tracks.base import TrackCorruption
from mmrobust.corruptions.tracks.track import Track
from mmrobust.registry import TRACK_CORRUPTIONS


@TRACK_CORRUPTIONS.register_module()
@dataclass(frozen=True)
class JointNoise(TrackCorruption):
    """Independent normal noise on every coordinate, anew in every frame.

    ``constants`` are the standard deviations, as shares of the person's size (``Track.size``),
    so that pixels and metres count alike.
    """

    group: ClassVar[str] = 'joints'
    constants: ClassVar[tuple[float, ...]] = (0.005, 0.01, 0.015, 0.025, 0.04)

    def draw(self, track: Track, draws: Draws) -> Any:
        """Standard normal numbers, (M, T, V, C)."""
        return draws.of_clip().standard_normal(track.keypoint.shape)

    def apply(self, track: Track, drawing: Any, severity: int) -> Track:
        """The track with noise."""
        unit = self.constants[severity - 1] * track.size()[:, None, None, None]
        return track.at(track.keypoint + unit * drawing)
