"""A camera that shakes; the ladder is ours."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mmrobust.corruptions.clip import Clip
from mmrobust.corruptions.draws import Draws
from mmrobust.corruptions.warp import Maps, Warp, about_centre
from mmrobust.registry import CORRUPTIONS

# Frames after which a place has lost all but 1 / e of what it has to do with where it was.
MEMORY = 3.0


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Shake(Warp):
    """Frames that are shifted and turned, each a little otherwise than the one before.

    Shifts and angle are Ornstein-Uhlenbeck processes over the frames of the video, standard
    deviations and angle growing with the severity, the path the same. ``constants`` are the
    standard deviation of a shift, as a share of the longer side, and of the angle, in degrees.
    """

    group: ClassVar[str] = 'sensor'
    constants: ClassVar[tuple[tuple[float, float], ...]] = (
        (0.01, 0.5),
        (0.02, 1),
        (0.04, 2),
        (0.06, 3),
        (0.08, 4),
    )

    def draw(self, clip: Clip, draws: Draws) -> Any:
        """Shifts along x and y, and the angle, of variance 1, (T, 3)."""
        steps = draws.of_clip().standard_normal((max(clip.indices) + 1, 3))
        kept = np.exp(-1 / MEMORY)
        path = steps.copy()
        for number in range(1, len(path)):
            path[number] = kept * path[number - 1] + np.sqrt(1 - kept**2) * steps[number]
        return path[list(clip.indices)]

    def maps(self, clip: Clip, drawing: Any, severity: int) -> Maps:
        """Turns about the middle, then shifts."""
        share, degrees = self.constants[severity - 1]
        angle = np.radians(degrees) * drawing[:, 2]
        cosine, sine = np.cos(angle), np.sin(angle)
        turn = np.stack([np.stack([cosine, -sine], -1), np.stack([sine, cosine], -1)], -2)
        return about_centre(clip, turn, share * max(clip.size) * drawing[:, :2])
