"""Zoom blur of ImageNet-C, as imagecorruptions has it (Michaelis et al. 2019, arXiv:1907.07484).

The kind is that of Hendrycks and Dietterich 2019 (arXiv:1903.12261), whose code cuts the enlarged
pictures about their centre; imagecorruptions cuts them at the bottom and the right.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmrobust.corruptions.base import Corruption, truncated
from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class ZoomBlur(Corruption):
    """The mean of a frame and of its enlargements, as a camera leaves it that moves forwards.

    ``constants`` are the first factor that is not used any more and the step, from 1 on. The
    factor 1 is among the enlargements, so that the frame itself counts twice.
    """

    group: ClassVar[str] = 'blur'
    moves: ClassVar = 'known'
    constants: ClassVar[tuple[tuple[float, float], ...]] = (
        (1.11, 0.01),
        (1.16, 0.01),
        (1.21, 0.02),
        (1.26, 0.02),
        (1.31, 0.03),
    )

    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """The blurred frames."""
        return next(self.apply_each(clip, drawing, [severity]))

    def apply_each(self, clip: Clip, drawing: Any, severities: Sequence[int]) -> Iterator[Frames]:
        """The severities share factors: 63 enlargements are 24 different ones."""
        factors = {severity: self.factors(severity) for severity in severities}
        wanted = sorted({factor for some in factors.values() for factor in some})
        found = {severity: np.empty_like(clip.frames) for severity in factors}
        for number, frame in enumerate(clip.frames.astype(np.float32)):
            sums = {severity: frame.copy() for severity in factors}
            for factor in wanted:
                layer = enlarged(frame, factor)
                for severity in factors:
                    if factor in factors[severity]:
                        sums[severity] += layer
            for severity, total in sums.items():
                found[severity][number] = truncated(total / (len(factors[severity]) + 1))
        yield from (found[severity] for severity in severities)

    def factors(self, severity: int) -> list[float]:
        """How much each layer is enlarged."""
        end, step = self.constants[severity - 1]
        # The last one of arange may be the end itself.
        return [round(one, 2) for one in np.arange(1, end, step).tolist()]

    def moved(self, points: NDArray[Any], clip: Clip, drawing: Any, severity: int) -> NDArray[Any]:
        """Key points at the mean of their places in all layers."""
        factors = self.factors(severity)
        total = points.astype(float)
        for factor in factors:
            for axis, length in enumerate(reversed(clip.size)):
                start, inside, outside = window(length, factor)
                total[..., axis] += (points[..., axis] - start) * (outside - 1) / (inside - 1)
        return total / (len(factors) + 1)


def window(length: int, factor: float) -> tuple[int, int, int]:
    """What is enlarged of a side: its start and its pixels, and those that it becomes."""
    inside = int(np.ceil(length / factor))
    return (length - inside) // 2, inside, round(inside * factor)


def enlarged(frame: NDArray[Any], factor: float) -> NDArray[Any]:
    """The middle of a frame (H, W, 3) at its size, interpolated linearly along both sides.

    The first and the last pixel of the middle are the first and the last before the cut.
    """
    for axis, length in enumerate(frame.shape[:2]):
        start, inside, outside = window(length, factor)
        places = start + np.arange(length) * ((inside - 1) / (outside - 1))
        low = places.astype(int)
        share = (places - low).astype(np.float32).reshape(-1, *[1] * (2 - axis))
        below, above = frame.take(low, axis), frame.take(low + 1, axis, mode='clip')
        frame = below + share * (above - below)
    return frame
