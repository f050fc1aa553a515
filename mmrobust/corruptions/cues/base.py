"""What every kind of cue offers."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from mmrobust.corruptions.base import snake
from mmrobust.corruptions.clip import Frames
from mmrobust.corruptions.cues.stage import Stage
from mmrobust.corruptions.draws import Draws
from mmrobust.functional.describe import describe_fields


class Cue(ABC):
    """A sample filmed again with one cue exchanged or taken away. It knows no model.

    It has no severities, and no part in a mean over corruptions. A subclass is a frozen
    dataclass of its options.
    """

    # All kinds share the draws of a sample, so that what differs between two is the kind.
    draws: ClassVar[str] = 'cue'

    @abstractmethod
    def shot(self, stage: Stage, draws: Draws) -> Frames:
        """All frames of the sample, (T, H, W, 3), uint8.

        Args:
            stage: The sample.
            draws: Its random numbers, the same for every kind.

        Raises:
            ValueError: The data set has not what is needed, such as another class.
        """

    def scenery(self, stage: Stage, draws: Draws) -> int | None:
        """The sample whose scenery is seen in the place of its own; None where there is none."""
        return None

    @property
    def name(self) -> str:
        """As tables and commands call it: the class's name in small letters."""
        return snake(type(self).__name__)

    def describe(self) -> dict[str, Any]:
        """The options, as a config would give them."""
        return describe_fields(self)
