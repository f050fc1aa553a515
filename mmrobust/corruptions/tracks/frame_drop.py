"""What kinds share that lose frames of a track.

After SHARDeg (Malzard et al. 2025, arXiv:2505.18048): forms of losing frames at one rate.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.tracks.base import TrackCorruption
from mmrobust.corruptions.tracks.track import Track
from mmrobust.functional.checks import require

FILLS = ('drop', 'hold', 'linear', 'zero')


@dataclass(frozen=True)
class FrameDrop(TrackCorruption):
    """Few of the frames are left: one of n, and one at least.

    ``constants`` are the n.

    Args:
        fill: What stands in the place of lost frames. ``drop``: nothing; what is left follows
            one another, and looks like a regular track of a faster person. ``hold``: the last
            frame that was left, or the first of all. ``linear``: what lies between those around,
            of coordinates and scores; a joint that either has not is not there. ``zero``: no
            joint (MMAction2's ``PreNormalize3D`` takes such frames out again).
    """

    group: ClassVar[str] = 'frames'
    constants: ClassVar[tuple[int, ...]] = (2, 4, 8, 16, 32)
    fill: Literal['drop', 'hold', 'linear', 'zero'] = 'drop'

    def __post_init__(self) -> None:
        require(self.fill in FILLS, 'fill', f'one of {FILLS}', self.fill)

    @property
    def has_control(self) -> bool:  # type: ignore[override]
        """Where joints stand in the place of those that were lost, most of them elsewhere."""
        return self.fill in ('hold', 'linear')

    @abstractmethod
    def left(self, frames: int, drawing: Any, n: int) -> NDArray[np.int64]:
        """Numbers of the frames that are left, ``ceil(frames / n)`` of them, rising."""

    def apply(self, track: Track, drawing: Any, severity: int) -> Track:
        """The track of the same length, or with ``drop`` a shorter one."""
        frames = track.keypoint.shape[1]
        left = self.left(frames, drawing, self.constants[severity - 1])
        times = np.arange(frames)
        if self.fill == 'drop':
            return _taken(track, left)
        if self.fill == 'zero':
            lost = ~np.isin(times, left)
            return track.without(np.broadcast_to(lost[:, None], track.found.shape))
        before = np.maximum(np.searchsorted(left, times, side='right') - 1, 0)
        if self.fill == 'hold':
            return _taken(track, left[before])
        after = np.minimum(np.searchsorted(left, times), len(left) - 1)
        return _between(track, left[before], left[after], times)


def _taken(track: Track, frames: NDArray[np.int64]) -> Track:
    score = None if track.score is None else track.score[:, frames]
    return Track(track.keypoint[:, frames], score)


def _between(
    track: Track, before: NDArray[np.int64], after: NDArray[np.int64], times: NDArray[np.int64]
) -> Track:
    one, other = _taken(track, before), _taken(track, after)
    # Outside of what is left, both are the same frame, whatever the share.
    share = ((times - before) / np.maximum(after - before, 1))[:, None]
    middle = one.keypoint + share[..., None] * (other.keypoint - one.keypoint)
    score = None
    if one.score is not None and other.score is not None:
        score = one.score + share * (other.score - one.score)
        score = score.astype(one.score.dtype)
    mixed = Track(middle.astype(one.keypoint.dtype), score)
    return mixed.without(~(one.found & other.found))
