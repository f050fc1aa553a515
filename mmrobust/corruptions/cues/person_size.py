"""Object scale by rendering: nearer or farther persons, whose surroundings stay."""

from dataclasses import dataclass

from mmrobust.corruptions.clip import Frames
from mmrobust.corruptions.cues.base import Cue
from mmrobust.corruptions.cues.stage import Stage
from mmrobust.corruptions.draws import Draws
from mmrobust.functional.checks import require, whole
from mmrobust.registry import CUES


@CUES.register_module()
@dataclass(frozen=True)
class PersonSize(Cue):
    """The person is larger or smaller, with its clothes and its way; feet stand where they did.

    What reaches beyond the frame is cut off.

    Args:
        percent: Of its size, 10..400.
    """

    percent: int = 71

    def __post_init__(self) -> None:
        sound = whole(self.percent, 10) and self.percent <= 400
        require(sound, 'percent', 'a whole number from 10 to 400', self.percent)

    @property
    def name(self) -> str:
        """With the size: ``person_size_71``."""
        return f'{super().name}_{self.percent}'

    def shot(self, stage: Stage, draws: Draws) -> Frames:
        """Its frames."""
        return stage.film(high=self.percent / 100, wide=self.percent / 100)
