"""One frame in the place of all: what a recogniser knows without movement."""

from dataclasses import dataclass

import numpy as np

from mmrobust.corruptions.clip import Frames
from mmrobust.corruptions.cues.base import Cue
from mmrobust.corruptions.cues.stage import Stage
from mmrobust.corruptions.draws import Draws
from mmrobust.registry import CUES


@CUES.register_module()
@dataclass(frozen=True)
class OneFrame(Cue):
    """A frame, drawn at random, is shown for as long as the video lasts."""

    def shot(self, stage: Stage, draws: Draws) -> Frames:
        """The frame T times."""
        return repeated(stage.film(), draws)


def repeated(frames: Frames, draws: Draws) -> Frames:
    """The sample's frame T times, the same number for all kinds."""
    number = int(draws.of_clip('frame').integers(len(frames)))
    return np.repeat(frames[number : number + 1], len(frames), axis=0)
