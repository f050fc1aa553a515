"""What changes the box of a person, and no pixel."""

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.base import Corruption
from mmrobust.corruptions.clip import Clip, Frames

Box = NDArray[np.float64]


class BoxCorruption(Corruption):
    """A person is cut out of the clean picture with another box, as by a worse detector.

    Scores stay in the unit of the true box.
    """

    group: ClassVar[str] = 'boxes'
    level: ClassVar = 'box'

    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """The frames as they are."""
        return clip.frames

    @abstractmethod
    def changed(self, box: Box, drawing: Any, severity: int) -> Box:
        """Another box.

        Args:
            box: (4,), left, top, right, bottom, in pixels.
            drawing: What ``draw`` returned for this person.
            severity: 1 to 5.
        """
