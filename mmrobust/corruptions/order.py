"""What kinds that change the order of frames share.

Shapes: T frames before, T' afterwards.
"""

from abc import abstractmethod
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.base import Corruption
from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.corruptions.draws import Draws

Indices = NDArray[np.int64]


class OrderCorruption(Corruption):
    """Frames that are shown at another time, twice, or not at all; none is changed.

    It belongs on all frames of a file, before any are sampled.
    """

    group: ClassVar[str] = 'order'
    level: ClassVar[Literal['frame', 'clip', 'order', 'stream']] = 'order'
    place: ClassVar[Literal['canvas', 'raw']] = 'raw'

    @abstractmethod
    def indices(self, clip: Clip, drawing: Any, severity: int) -> Indices:
        """Which frame of the clip is shown at each moment, (T',), 0 .. T - 1.

        Whatever is known of single frames, such as key points, is gathered by them as well.
        """

    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """The frames of these indices."""
        return clip.frames[self.indices(clip, drawing, severity)]


def numbers(clip: Clip, draws: Draws) -> NDArray[np.float64]:
    """A number in [0, 1) for each frame, (T,); those of a longer clip begin alike."""
    return draws.of_clip().random(len(clip.frames))
