"""Aspect ratio by rendering: slim or broad persons, whose surroundings stay."""

from dataclasses import dataclass

from mmrobust.corruptions.clip import Frames
from mmrobust.corruptions.cues.base import Cue
from mmrobust.corruptions.cues.stage import Stage
from mmrobust.corruptions.draws import Draws
from mmrobust.functional.checks import require, whole
from mmrobust.registry import CUES


@CUES.register_module()
@dataclass(frozen=True)
class PersonAspect(Cue):
    """The person is broader and lower, or slimmer and higher, and covers as much as before.

    Places of joints and widths of limbs are stretched; the head alone keeps its shape.

    Args:
        percent: Width over height, of what it was, 25..400.
    """

    percent: int = 200

    def __post_init__(self) -> None:
        sound = whole(self.percent, 25) and self.percent <= 400
        require(sound, 'percent', 'a whole number from 25 to 400', self.percent)

    @property
    def name(self) -> str:
        """With the ratio: ``person_aspect_200``."""
        return f'{super().name}_{self.percent}'

    def shot(self, stage: Stage, draws: Draws) -> Frames:
        """Its frames."""
        root = (self.percent / 100) ** 0.5
        return stage.film(high=1 / root, wide=root)
