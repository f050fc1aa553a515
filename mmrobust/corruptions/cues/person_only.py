"""The person alone, made exact by rendering (Chung et al. 2022, HAT: "human only")."""

from dataclasses import dataclass

import numpy as np

from mmrobust.corruptions.clip import Frames
from mmrobust.corruptions.cues.base import Cue
from mmrobust.corruptions.cues.stage import Floats, Stage
from mmrobust.corruptions.draws import Draws
from mmrobust.functional.checks import require
from mmrobust.registry import CUES

# The mean colour of ImageNet, which most models are given as zero.
MEAN = (123.675, 116.28, 103.53)


@CUES.register_module()
@dataclass(frozen=True)
class PersonOnly(Cue):
    """The person as it moved in the picture, over one flat colour, without a shadow.

    Args:
        colour: Red, green, blue, 0..255. Official setting: the mean of ImageNet.
    """

    colour: tuple[float, float, float] = MEAN

    def __post_init__(self) -> None:
        sound = len(self.colour) == 3 and all(0 <= one <= 255 for one in self.colour)
        require(sound, 'colour', 'three numbers from 0 to 255', self.colour)

    def shot(self, stage: Stage, draws: Draws) -> Frames:
        """Its frames."""
        return stage.film(behind=flat(stage.backdrop(), self.colour))


def flat(like: Floats, colour: tuple[float, float, float]) -> Floats:
    """One colour in the shape of other frames."""
    return np.broadcast_to(np.asarray(colour, np.float32), like.shape).copy()
