"""Left limbs taken for right ones; the ladder is ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mmrobust.corruptions.draws import Draws
from mmrobust.corruptions.tracks.base import TrackCorruption
from mmrobust.corruptions.tracks.layouts import limbs
from mmrobust.corruptions.tracks.track import Track
from mmrobust.functional.checks import require
from mmrobust.registry import TRACK_CORRUPTIONS


@TRACK_CORRUPTIONS.register_module()
@dataclass(frozen=True)
class JointSwap(TrackCorruption):
    """The two arms, or the two legs, exchanged in some frames, each frame for itself.

    ``constants`` are the chances, of each pair. What is exchanged at one severity is exchanged
    at all higher ones.

    Args:
        limbs: Joints of each limb, each left one before its right one. None: those of COCO (17
            joints), Kinect v1 (20) or NTU RGB+D (25), by the number of joints.
    """

    group: ClassVar[str] = 'limbs'
    has_control: ClassVar[bool] = True
    constants: ClassVar[tuple[float, ...]] = (0.05, 0.1, 0.2, 0.3, 0.5)
    limbs: Sequence[Sequence[int]] | None = None

    def __post_init__(self) -> None:
        sizes = [len(limb) for limb in self.limbs or ()]
        require(sizes[::2] == sizes[1::2], 'limbs', 'pairs of as many joints', self.limbs)

    def draw(self, track: Track, draws: Draws) -> Any:
        """A number in [0, 1) for each pair of limbs, (M, T, pairs)."""
        pairs = len(limbs(track.keypoint.shape[2], self.limbs)) // 2
        return draws.of_clip().random((*track.keypoint.shape[:2], pairs))

    def apply(self, track: Track, drawing: Any, severity: int) -> Track:
        """The track with the limbs exchanged, and their scores."""
        known = limbs(track.keypoint.shape[2], self.limbs)
        taken = np.broadcast_to(np.arange(track.keypoint.shape[2]), track.found.shape).copy()
        for pair, (left, right) in enumerate(zip(known[::2], known[1::2], strict=True)):
            wrong = drawing[..., pair] < self.constants[severity - 1]
            taken[..., left + right] = np.where(
                wrong[..., None], right + left, taken[..., left + right]
            )
        keypoint = np.take_along_axis(track.keypoint, taken[..., None], 2)
        score = track.score
        if score is not None:
            score = np.take_along_axis(score, taken, 2)
        return Track(keypoint, score)
