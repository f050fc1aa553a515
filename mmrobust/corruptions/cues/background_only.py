"""The scenery alone, made exact by rendering.

Chung et al. 2022, HAT (see :mod:`mmrobust.corruptions.cues.action_swap`), paint the person over,
which leaves traces.
"""

from dataclasses import dataclass

from mmrobust.corruptions.clip import Frames
from mmrobust.corruptions.cues.base import Cue
from mmrobust.corruptions.cues.stage import Stage
from mmrobust.corruptions.draws import Draws
from mmrobust.registry import CUES


@CUES.register_module()
@dataclass(frozen=True)
class BackgroundOnly(Cue):
    """The place before the person came: neither it nor its shadow; the camera moves as it did."""

    def shot(self, stage: Stage, draws: Draws) -> Frames:
        """Its frames."""
        return stage.empty()
