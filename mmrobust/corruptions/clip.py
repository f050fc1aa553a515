"""What a corruption is applied to."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrobust.functional.checks import finite, require

Frames = NDArray[np.uint8]


@dataclass(frozen=True)
class Clip:
    """Frames of one video in their order; a picture is a clip of one frame.

    Args:
        frames: (T, H, W, 3), uint8, RGB. Nobody writes into them.
        indices: (T,), the number of each frame in its video, >= 0: a frame keeps its noise
            whichever others are sampled. Default 0 .. T - 1.
        rate: Frames a second, > 0.
        bit_rate: Bits a second of the video stream that the frames were decoded from, > 0; None
            if there was none.
    """

    frames: Frames
    indices: tuple[int, ...] = ()
    rate: float = 25.0
    bit_rate: float | None = None

    def __post_init__(self) -> None:
        _check(self.frames)
        if not self.indices:
            object.__setattr__(self, 'indices', tuple(range(len(self.frames))))
        numbers = len(self.indices) == len(self.frames) and min(self.indices) >= 0
        rule = f'{len(self.frames)} frame numbers >= 0, one for each frame'
        require(numbers, 'indices', rule, self.indices)
        require(finite(self.rate) and self.rate > 0, 'rate', 'frames a second > 0', self.rate)
        known = self.bit_rate is None or (finite(self.bit_rate) and self.bit_rate > 0)
        require(known, 'bit_rate', 'None or bits a second > 0', self.bit_rate)

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.frames.shape[1], self.frames.shape[2]


def _check(frames: Any) -> None:
    rule = 'a uint8 array (T, H, W, 3) with at least one value'
    kind = getattr(frames, 'dtype', None), getattr(frames, 'shape', None)
    fits = isinstance(frames, np.ndarray) and frames.dtype == np.uint8 and frames.ndim == 4
    require(fits and frames.shape[3] == 3 and frames.size > 0, 'frames', rule, kind)
