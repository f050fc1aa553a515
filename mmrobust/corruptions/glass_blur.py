"""Frosted glass of ImageNet-C (Hendrycks and Dietterich 2019, arXiv:1903.12261)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.base import truncated
from mmrobust.corruptions.clip import Frames
from mmrobust.corruptions.coherent import CoherentCorruption
from mmrobust.corruptions.smoothing import smoothed
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class GlassBlur(CoherentCorruption):
    """Pixels take the place of near ones, between two smoothings.

    ``constants`` are the standard deviation of the smoothing and the reach, both in pixels, and
    the number of rounds. Pixels are meant to be swapped; the published code copies the
    neighbour's value and leaves the neighbour as it is, and so does this.
    """

    group: ClassVar[str] = 'blur'
    moves: ClassVar = 'unknown'
    constants: ClassVar[tuple[tuple[float, int, int], ...]] = (
        (0.7, 1, 2),
        (0.9, 2, 1),
        (1, 2, 3),
        (1.1, 3, 2),
        (1.5, 4, 2),
    )

    def draw_one(self, stream: np.random.Generator, size: tuple[int, int]) -> Any:
        """Uniform numbers for x and y of each round and pixel, (3, H, W, 2)."""
        return stream.random((3, *size, 2))

    def apply_one(self, frames: Frames, one: Any, severity: int) -> Frames:
        """The frames through one glass."""
        sigma, reach, rounds = self.constants[severity - 1]
        origin = origins(np.floor(one[:rounds] * 2 * reach).astype(int) - reach, reach)
        first = [truncated(smoothed(frame, sigma)) for frame in frames]
        pixels = [frame.reshape(-1, 3)[origin] for frame in first]
        return np.stack([truncated(smoothed(frame, sigma)) for frame in pixels])


def origins(steps: NDArray[Any], reach: int) -> NDArray[Any]:
    """For each pixel the number of the one that it shows, (H, W).

    Args:
        steps: From each pixel to its neighbour, x and y, (rounds, H, W, 2), -reach .. reach - 1.
        reach: Pixels.
    """
    rounds, rows, columns, _ = steps.shape
    # From the bottom right upwards, as a pixel may show what its neighbour took over before.
    ys, xs = np.mgrid[rows - reach : reach : -1, columns - reach : reach : -1]
    shown = list(range(rows * columns))
    for round_ in range(rounds):
        x, y = np.moveaxis(steps[round_, ys, xs], -1, 0)
        pixels, neighbours = ys * columns + xs, (ys + y) * columns + xs + x
        for pixel, other in zip(pixels.ravel().tolist(), neighbours.ravel().tolist(), strict=True):
            shown[pixel] = shown[other]
    return np.array(shown).reshape(rows, columns)
