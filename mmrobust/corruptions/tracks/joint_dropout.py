"""Joints that are not found; the ladder is ours."""

from dataclasses import dataclass
from typing import Any, ClassVar

from mmrobust.corruptions.draws import Draws
from mmrobust.corruptions.tracks.base import TrackCorruption
from mmrobust.corruptions.tracks.track import Track
from mmrobust.registry import TRACK_CORRUPTIONS


@TRACK_CORRUPTIONS.register_module()
@dataclass(frozen=True)
class JointDropout(TrackCorruption):
    """Joints missing, each in each frame for itself.

    ``constants`` are the chances. What is missing at one severity is missing at all higher ones.
    """

    group: ClassVar[str] = 'joints'
    constants: ClassVar[tuple[float, ...]] = (0.05, 0.1, 0.2, 0.3, 0.5)

    def draw(self, track: Track, draws: Draws) -> Any:
        """A number in [0, 1) for each joint, (M, T, V); below the chance, it is missing."""
        return draws.of_clip().random(track.keypoint.shape[:3])

    def apply(self, track: Track, drawing: Any, severity: int) -> Track:
        """The track without them."""
        return track.without(drawing < self.constants[severity - 1])
