"""What every corruption offers.

Shapes: T frames, H x W pixels, three channels: red, green, blue.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.corruptions.draws import Draws
from mmrobust.functional.checks import require, whole
from mmrobust.functional.describe import describe_fields


class Corruption(ABC):
    """A natural change of a clip. It knows no model, no label and no budget.

    A subclass is a frozen dataclass of its options.

    Attributes:
        group: Kinds that belong together in a table: noise, blur, weather, digital, and so on.
        constants: What is published of each severity, the mildest first.
        level: What is changed: each ``frame`` for itself (though one draw may serve all), the
            ``clip``, where a frame depends on its neighbours, the ``order`` of frames, the
            ``stream`` that they are coded in, or the ``box`` of a person, and no pixel.
        place: Where it belongs: on the ``canvas`` (frames of the size that the network looks at),
            or on the ``raw`` frames of the file.
        moves: Whether pixels move away from the key points of the truth: not at all
            (``nothing``), by a way that ``moved`` knows (``known``), or in part (``unknown``).
    """

    group: ClassVar[str]
    level: ClassVar[Literal['frame', 'clip', 'order', 'stream', 'box']] = 'frame'
    place: ClassVar[Literal['canvas', 'raw']] = 'canvas'
    moves: ClassVar[Literal['nothing', 'known', 'unknown']] = 'nothing'

    @property
    @abstractmethod
    def constants(self) -> Sequence[Any]:
        """A class variable, or an option where several sets are published."""

    def draw(self, clip: Clip, draws: Draws) -> Any:
        """What serves all severities: all that is random in it, and what is costly; or None."""
        return None

    @abstractmethod
    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """The corrupted frames.

        Args:
            clip: The clean ones, which stay as they are.
            drawing: What ``draw`` returned for this clip.
            severity: 1 to 5.

        Returns:
            (T, H, W, 3), uint8; kinds of level ``order`` may return another number of frames.
        """

    def apply_each(self, clip: Clip, drawing: Any, severities: Sequence[int]) -> Iterator[Frames]:
        """``apply`` at each severity, for kinds whose severities share work."""
        for severity in severities:
            yield self.apply(clip, drawing, severity)

    def moved(self, points: NDArray[Any], clip: Clip, drawing: Any, severity: int) -> NDArray[Any]:
        """Where key points (T, ..., 2), x and y in pixels of the clip, lie afterwards."""
        return points

    def ladder(self, clip: Clip, draws: Draws, severities: Sequence[int]) -> Iterator[Frames]:
        """The clip at each of the severities, which share one drawing; at 0, the clean frames."""
        for severity in severities:
            known = whole(severity, 0) and severity <= len(self.constants)
            require(known, 'severity', f'0 (clean) to {len(self.constants)}', severity)
        drawing = self.draw(clip, draws) if any(severities) else None
        worse = iter(self.apply_each(clip, drawing, [one for one in severities if one]))
        for severity in severities:
            yield next(worse) if severity else clip.frames

    def __call__(self, clip: Clip, severity: int, draws: Draws) -> Frames:
        """The clip at one severity."""
        return next(self.ladder(clip, draws, [severity]))

    @property
    def name(self) -> str:
        """As tables and commands call it: the class's name in small letters."""
        return snake(type(self).__name__)

    def describe(self) -> dict[str, Any]:
        """The options, as a config would give them."""
        return describe_fields(self)


def snake(name: str) -> str:
    """``GaussianNoise`` as ``gaussian_noise``; ``H264CRF`` as ``h264_crf``."""
    apart = re.sub(r'(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])', '_', name)
    return apart.lower()


# What arithmetic in single precision may lack of a whole grey level.
SLACK = 1e-3


def truncated(values: NDArray[Any]) -> Frames:
    """Grey levels 0..255 of numbers, without their fraction.

    The published sets cut fractions off, half a level darker than rounding. A whole number stays
    what it is on every processor, however the last digit of a sum is rounded.
    """
    raised = values + SLACK
    return np.clip(raised, 0, 255, out=raised).astype(np.uint8)
