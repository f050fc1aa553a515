"""Fog of ImageNet-C (Hendrycks and Dietterich 2019, arXiv:1903.12261)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.base import truncated
from mmrobust.corruptions.clip import Frames
from mmrobust.corruptions.coherent import CoherentCorruption
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Fog(CoherentCorruption):
    """Bright clouds over the picture, dimmed again so far that its brightest value stays.

    ``constants`` are how bright the clouds are at most, as a share of 255, and by how much their
    roughness falls from one scale to the next finer one. How much is dimmed follows each frame's
    own brightest value, also where one fog serves all frames.
    """

    group: ClassVar[str] = 'weather'
    constants: ClassVar[tuple[tuple[float, float], ...]] = (
        (1.5, 2),
        (2, 2),
        (2.5, 1.7),
        (2.5, 1.5),
        (3, 1.4),
    )

    def draw_one(self, stream: np.random.Generator, size: tuple[int, int]) -> Any:
        """Numbers in [-1, 1) for a square of the next power of two, in the order of use."""
        side = 2 ** (max(size) - 1).bit_length()
        return stream.uniform(-1, 1, side * side - 1)

    def apply_one(self, frames: Frames, one: Any, severity: int) -> Frames:
        """The frames behind one fog."""
        most, decay = self.constants[severity - 1]
        rows, columns = frames.shape[1:3]
        clouds = (255 * most * plasma(one, decay)[:rows, :columns, None]).astype(np.float32)
        brightest = (frame.max() / np.float32(255) for frame in frames)
        gains = (one / (one + np.float32(most)) for one in brightest)
        pairs = zip(frames, gains, strict=True)
        return np.stack([truncated((frame + clouds) * gain) for frame, gain in pairs])


def plasma(numbers: NDArray[Any], decay: float) -> NDArray[Any]:
    """A map of clouds by midpoints of squares and diamonds (Fournier et al. 1982), 0..1.

    It goes on at the opposite border. As published, the noise is the square of the roughness
    times a number: it falls by the square of ``decay`` from one scale to the next.

    Args:
        numbers: (side * side - 1,), in [-1, 1]; side is a power of two.
        decay: > 1.

    Returns:
        (side, side).
    """
    side = round((len(numbers) + 1) ** 0.5)
    heights = np.zeros((side, side))
    step, roughness, used = side, 100.0, 0
    while step >= 2:
        half, count = step // 2, side // step
        noise = roughness**2 * numbers[used : used + 3 * count**2].reshape(3, count, count)
        corners = heights[::step, ::step]
        below = corners + np.roll(corners, -1, 0)
        middles = (below + np.roll(below, -1, 1)) / 4 + noise[0]
        across = corners + np.roll(corners, -1, 1)
        heights[half::step, half::step] = middles
        heights[::step, half::step] = (middles + np.roll(middles, 1, 0) + across) / 4 + noise[1]
        heights[half::step, ::step] = (middles + np.roll(middles, 1, 1) + below) / 4 + noise[2]
        step, roughness, used = half, roughness / decay, used + 3 * count**2
    heights -= heights.min()
    return heights / heights.max()
