"""SCUFO: one frame of a video before a foreign background.

Li et al. 2023, "Mitigating and Evaluating Static Bias of Action Representations in the Background
and the Foreground", ICCV, arXiv:2211.12883.
"""

from dataclasses import dataclass

from mmrobust.corruptions.clip import Frames
from mmrobust.corruptions.cues.action_swap import ActionSwap
from mmrobust.corruptions.cues.one_frame import repeated
from mmrobust.corruptions.cues.stage import Stage
from mmrobust.corruptions.draws import Draws
from mmrobust.registry import CUES


@CUES.register_module()
@dataclass(frozen=True)
class SwapFrame(ActionSwap):
    """One frame of :class:`ActionSwap`, drawn at random, for as long as the video lasts.

    Who is right on the swap and wrong here has gone by the movement: the two make the contrasted
    accuracy. Deviation: the background of the source is a still picture, from no video of the set.
    """

    def shot(self, stage: Stage, draws: Draws) -> Frames:
        """The frame T times."""
        return repeated(super().shot(stage, draws), draws)
