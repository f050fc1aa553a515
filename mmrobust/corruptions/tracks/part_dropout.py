"""A limb that is hidden for a while (after the occluded skeletons of RA-GCN; the ladder is ours).

RA-GCN: Song et al. 2020, arXiv:2008.03791.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mmrobust.corruptions.draws import Draws
from mmrobust.corruptions.tracks.base import TrackCorruption
from mmrobust.corruptions.tracks.layouts import limbs
from mmrobust.corruptions.tracks.track import Track
from mmrobust.registry import TRACK_CORRUPTIONS


@TRACK_CORRUPTIONS.register_module()
@dataclass(frozen=True)
class PartDropout(TrackCorruption):
    """One arm or leg of each person missing in some frames that follow one another.

    ``constants`` are the shares of the frames, rounded up.

    Args:
        limbs: Joints of each limb. None: those of COCO (17 joints), Kinect v1 (20) or NTU RGB+D
            (25), by the number of joints.
    """

    group: ClassVar[str] = 'limbs'
    constants: ClassVar[tuple[float, ...]] = (0.1, 0.2, 0.3, 0.4, 0.5)
    limbs: Sequence[Sequence[int]] | None = None

    def draw(self, track: Track, draws: Draws) -> Any:
        """Numbers in [0, 1), (M, 2): which limb, and how late it is hidden."""
        return draws.of_clip().random((len(track.keypoint), 2))

    def apply(self, track: Track, drawing: Any, severity: int) -> Track:
        """The track without it."""
        known = limbs(track.keypoint.shape[2], self.limbs)
        frames = track.keypoint.shape[1]
        hidden = int(np.ceil(round(self.constants[severity - 1] * frames, 6)))
        lost = np.zeros(track.found.shape, bool)
        for person, (which, late) in zip(lost, drawing, strict=True):
            start = int(late * (frames - hidden + 1))
            person[start : start + hidden, known[int(which * len(known))]] = True
        return track.without(lost)
