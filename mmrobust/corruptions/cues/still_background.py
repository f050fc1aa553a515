"""The scenery without the movement of the camera."""

from dataclasses import dataclass

from mmrobust.corruptions.clip import Frames
from mmrobust.corruptions.cues.base import Cue
from mmrobust.corruptions.cues.stage import Stage
from mmrobust.corruptions.draws import Draws
from mmrobust.registry import CUES


@CUES.register_module()
@dataclass(frozen=True)
class StillBackground(Cue):
    """The camera is held still: what moves is the person and its shadow."""

    def shot(self, stage: Stage, draws: Draws) -> Frames:
        """Its frames."""
        return stage.film(still=True)
