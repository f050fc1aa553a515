"""Rain of Mini-Kinetics-C (Yi et al. 2021, arXiv:2110.06513)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.base import truncated
from mmrobust.corruptions.clip import Frames
from mmrobust.corruptions.coherent import CoherentCorruption
from mmrobust.corruptions.contrast import flattened
from mmrobust.registry import CORRUPTIONS

# Grey level of a drop; pixels that it leans to the left from end to end.
DROP, LEAN = 220, 1
# What a clip draws may serve any severity.
DENSEST = 400


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Rain(CoherentCorruption):
    """Streaks one pixel wide over a flatter picture, brighter where it is dark.

    ``constants``: pixels of the frame for each streak, a streak's length in pixels, and the share
    of contrast that is left. The published code draws a slant, uses it for where streaks may
    start, and draws every streak one pixel leftwards all the same; its pictures have upright rain,
    and so have these. Streaks as long as a small frame begin at its upper border, where the
    published code fails. The published set has rain anew in every frame (``coherent=False``).
    """

    group: ClassVar[str] = 'weather'
    constants: ClassVar[tuple[tuple[int, int, float], ...]] = (
        (770, 10, 0.8),
        (770, 30, 0.8),
        (770, 60, 0.7),
        (500, 60, 0.6),
        (400, 80, 0.5),
    )

    def draw_one(self, stream: np.random.Generator, size: tuple[int, int]) -> Any:
        """The slant, -10 .. 9, and x and y of each streak as shares of their ranges, (n, 2)."""
        count = size[0] * size[1] // DENSEST
        return int(stream.integers(-10, 10)), stream.random((count, 2))

    def apply_one(self, frames: Frames, one: Any, severity: int) -> Frames:
        """The frames in one rain."""
        slant, places = one
        streaks = self._streaks(slant, places, frames.shape[1:3], severity)
        left = self.constants[severity - 1][2]
        return np.stack([truncated(flattened(_wet(frame, streaks), left)) for frame in frames])

    def _streaks(
        self, slant: int, places: NDArray[Any], size: tuple[int, ...], severity: int
    ) -> NDArray[Any]:
        """Grey levels of the streaks alone, (H, W, 1)."""
        area, length, _ = self.constants[severity - 1]
        rows, columns = size
        first, end = (slant, columns) if slant < 0 else (0, columns - slant)
        streaks = np.zeros(size, np.uint8)
        for right, down in places[: rows * columns // area]:
            x = first + int(right * (end - first))
            y = int(down * max(rows - length, 1))
            cv2.line(streaks, (x, y), (x - LEAN, y + length), [DROP], 1)
        return streaks[..., None]


def _wet(frame: Frames, streaks: NDArray[Any]) -> NDArray[Any]:
    """A frame with streaks, blurred under them, (H, W, 3)."""
    light = streaks * (1 - frame / np.float32(255)) * np.float32(1 - frame.mean() / 255)
    blurred = cv2.blur(frame + light.astype(np.uint8), (3, 3))
    cover = streaks / np.float32(255)
    return blurred * cover + frame * (1 - cover)
