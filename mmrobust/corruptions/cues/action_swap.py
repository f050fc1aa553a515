"""Action swap, made exact by rendering.

Chung et al. 2022, HAT: "Enabling Detailed Action Recognition Evaluation Through Video Dataset
Augmentation", NeurIPS Datasets and Benchmarks, pastes a person cut out of one video on another one
whose person is painted over. Here nothing is cut.
"""

from dataclasses import dataclass

from mmrobust.corruptions.clip import Frames
from mmrobust.corruptions.cues.base import Cue
from mmrobust.corruptions.cues.stage import Stage
from mmrobust.corruptions.draws import Draws
from mmrobust.functional.checks import require
from mmrobust.registry import CUES


@CUES.register_module()
@dataclass(frozen=True)
class ActionSwap(Cue):
    """The person, its performance and its light before the scenery of another class's video.

    Camera and horizon are those of the scenery, and the shadow falls on it: no seam, no halo and
    no trace of what was there before. Deviation from HAT: the person keeps its place in the
    picture, not in relation to the one who was there.
    """

    def scenery(self, stage: Stage, draws: Draws) -> int | None:
        """A sample of another class, each as likely."""
        others = stage.others
        require(bool(others), 'data', 'samples of at least two classes', 'samples of one')
        return others[int(draws.of_clip('scenery').integers(len(others)))]

    def shot(self, stage: Stage, draws: Draws) -> Frames:
        """Its frames."""
        return stage.film(scenery=self.scenery(stage, draws))
