"""How much of the surroundings is needed. The ladder of shares is this project's."""

from dataclasses import dataclass
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from mmrobust.corruptions.clip import Frames
from mmrobust.corruptions.cues.base import Cue
from mmrobust.corruptions.cues.person_only import MEAN, flat
from mmrobust.corruptions.cues.stage import Floats, Stage
from mmrobust.corruptions.draws import Draws
from mmrobust.functional.checks import require, whole
from mmrobust.registry import CUES

Rest = Literal['mean', 'blur']
# Of the Gaussian, as a share of the frame's height: shapes go, tones stay.
BLUR = 0.1


@CUES.register_module()
@dataclass(frozen=True)
class Context(Cue):
    """What is nearest to the person stays; the rest is one colour, or blurred.

    Near is the distance from the person's outline, so that in each frame exactly that share of
    the background is left, but for pixels that are as far as the last one.

    Args:
        keep: Per cent of the background, 0..100: 100 are the clean frames.
        rest: ``mean``: the mean colour of ImageNet; ``blur``: a Gaussian blur of the place.
    """

    keep: int = 50
    rest: Rest = 'mean'

    def __post_init__(self) -> None:
        percent = whole(self.keep, 0) and self.keep <= 100
        require(percent, 'keep', 'a whole number from 0 to 100', self.keep)
        require(self.rest in get_args(Rest), 'rest', f'one of {get_args(Rest)}', self.rest)

    @property
    def name(self) -> str:
        """With share and rest: ``context_50_mean``."""
        return f'{super().name}_{self.keep}_{self.rest}'

    def shot(self, stage: Stage, draws: Draws) -> Frames:
        """Its frames."""
        place = stage.backdrop()
        rest = flat(place, MEAN) if self.rest == 'mean' else _blurred(place)
        kept = np.stack([_nearest(person, self.keep) for person in stage.person()])
        return stage.film(behind=np.where(kept[..., None], place, rest))


def _nearest(person: NDArray[np.bool_], percent: int) -> NDArray[np.bool_]:
    """Pixels of the background that are kept, (H, W), and those of the person if any is."""
    if not person.any():
        # Nothing to be near to: all is as far.
        return np.full(person.shape, percent == 100)
    # Not OpenCV's: the last digit of its distances differs from call to call.
    away = distance_transform_edt(~person)
    far = np.sort(away[~person])
    count = round(len(far) * percent / 100)
    return away <= far[count - 1] if count else np.zeros_like(person)


def _blurred(frames: Floats) -> Floats:
    sigma = BLUR * frames.shape[1]
    return np.stack([cv2.GaussianBlur(frame, (0, 0), sigma) for frame in frames])
