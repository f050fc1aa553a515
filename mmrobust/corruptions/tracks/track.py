"""What a corruption of tracks is applied to.

Shapes: M persons, T frames, V joints, C coordinates.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrobust.functional.checks import require

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Track:
    """Key points of the persons of a video, as MMAction2's ``PoseDataset`` has them.

    Args:
        keypoint: (M, T, V, C), finite, in pixels or metres. A joint that is 0 in all coordinates
            was not found. Nobody writes into it.
        score: (M, T, V) in 0 .. 1, of pose estimators; None for depth cameras, which have none.
    """

    keypoint: NDArray[Any]
    score: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        shape = getattr(self.keypoint, 'shape', None)
        fits = isinstance(self.keypoint, np.ndarray) and self.keypoint.ndim == 4
        rule = 'a finite array (M, T, V, C) with at least one value'
        fits = fits and self.keypoint.size > 0 and bool(np.isfinite(self.keypoint).all())
        require(fits, 'keypoint', rule, shape)
        if self.score is not None:
            same = np.shape(self.score) == self.keypoint.shape[:3]
            require(same, 'score', f'of shape {self.keypoint.shape[:3]}', np.shape(self.score))

    @property
    def found(self) -> NDArray[np.bool_]:
        """Which joints were found, (M, T, V)."""
        return (self.keypoint != 0).any(-1)

    def size(self) -> Floats:
        """Of each person (M,): the longest side of its box, the median over its frames; or 0."""
        points = np.where(self.found[..., None], self.keypoint.astype(np.float64), np.nan)
        sizes = np.zeros(len(points))
        for number, person in enumerate(points):
            seen = person[self.found[number].any(-1)]
            if len(seen):
                sides = np.nanmax(seen, 1) - np.nanmin(seen, 1)
                sizes[number] = np.median(sides.max(-1))
        return sizes

    def without(self, lost: NDArray[np.bool_]) -> 'Track':
        """The track without some joints (M, T, V): 0, as in files, and of score 0."""
        keypoint = np.where(lost[..., None], 0, self.keypoint).astype(self.keypoint.dtype)
        score = self.score
        if score is not None:
            score = np.where(lost, 0, score).astype(score.dtype)
        return Track(keypoint, score)

    def at(self, keypoint: NDArray[Any]) -> 'Track':
        """The track with joints elsewhere; those that were not found stay so."""
        moved = np.where(self.found[..., None], keypoint, self.keypoint)
        return Track(moved.astype(self.keypoint.dtype), self.score)
