"""The other freezing of the -P sets (Schiappa et al. 2023, arXiv:2207.01398), down to one frame."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mmrobust.corruptions.clip import Clip
from mmrobust.corruptions.draws import Draws
from mmrobust.corruptions.order import Indices, OrderCorruption, numbers
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class FewFrames(OrderCorruption):
    """A few random frames of the video, each shown until the next one.

    ``constants`` are the shares of frames that are left, two at least; 0 leaves a single one.
    What is left at one severity is left at all milder ones.

    Official setting: of the two codes, the one that came with the evaluation. Deviations: it
    leaves two at least at the fourth severity alone, draws anew at each, and starts at the
    first frame that is left, so that videos are shorter; here that one is shown from the start.
    """

    constants: ClassVar[tuple[float, ...]] = (0.4, 0.2, 0.1, 0.05, 0.0)

    def draw(self, clip: Clip, draws: Draws) -> Any:
        """Frames in the order in which they are chosen, (T,)."""
        return np.argsort(numbers(clip, draws))

    def indices(self, clip: Clip, drawing: Any, severity: int) -> Indices:
        """The last frame that is left, or the first one that is, (T,)."""
        length = len(clip.frames)
        share = self.constants[severity - 1]
        least = 2 if share else 1
        left = np.sort(drawing[: min(max(int(share * length), least), length)])
        place = np.searchsorted(left, np.arange(length), side='right') - 1
        chosen: Indices = left[np.maximum(place, 0)]
        return chosen
