"""Corruptions that a clip may have as a whole: weather, dirt, lenses."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.base import Corruption
from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.corruptions.draws import Draws
from mmrobust.functional.checks import require


@dataclass(frozen=True)
class CoherentCorruption(Corruption):
    """One draw for all frames, or one for each.

    Args:
        coherent: Whether one draw serves all frames of a clip. False: each frame has its own, as
            where a package for pictures is called frame by frame; the corruption flickers.
    """

    coherent: bool = True

    def __post_init__(self) -> None:
        require(isinstance(self.coherent, bool), 'coherent', 'true or false', self.coherent)

    @abstractmethod
    def draw_one(self, stream: np.random.Generator, size: tuple[int, int]) -> Any:
        """What is random, for all severities; ``size`` is rows and columns."""

    @abstractmethod
    def apply_one(self, frames: Frames, one: Any, severity: int) -> Frames:
        """Frames (t, H, W, 3) that share what ``draw_one`` returned."""

    def draw(self, clip: Clip, draws: Draws) -> tuple[Any, ...]:
        """One drawing if coherent, else one for each frame."""
        if self.coherent:
            return (self.draw_one(draws.of_clip(), clip.size),)
        return tuple(self.draw_one(draws.of_frame(one), clip.size) for one in clip.indices)

    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """All frames with the one drawing, or each with its own."""
        if self.coherent:
            return self.apply_one(clip.frames, drawing[0], severity)
        pairs = zip(clip.frames, drawing, strict=True)
        return np.concatenate([self.apply_one(frame[None], one, severity) for frame, one in pairs])


def shifted(points: NDArray[Any], shifts: NDArray[Any]) -> NDArray[Any]:
    """Key points (T, ..., 2), moved by one shift (1, 2) or by one for each frame (T, 2)."""
    return points + shifts.reshape(len(shifts), *[1] * (points.ndim - 2), 2)
