"""Temporal translation (Wei, Chen, Wu and Jiang 2022, arXiv:2110.09075)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from mmrobust.functional.checks import require, whole
from mmrobust.functional.randomness import SampleRandom
from mmrobust.functional.smoothing import gaussian_kernel
from mmrobust.input_transforms.base import InputTransform, require_frames
from mmrobust.registry import INPUT_TRANSFORMS

Weighting = Literal['gaussian', 'linear', 'uniform']


@INPUT_TRANSFORMS.register_module()
@dataclass(frozen=True)
class TT(InputTransform):
    """The mean gradient over a clip's cyclic shifts in time, each shifted back.

    Official setting: shifts by -7..7 frames, weights of a Gaussian that ends at 3 standard
    deviations, in MI-FGSM with ``per_frame=True``.

    Args:
        shifts: Largest shift in frames, to either side, >= 0; 0 is the clip alone. There are
            2 * ``shifts`` + 1 copies; shifts of more than the clip's length come round again.
        weighting: ``gaussian``, ``linear`` (falls to 0 one frame after the last shift) or
            ``uniform``.
    """

    shifts: int = 7
    weighting: Weighting = 'gaussian'

    def __post_init__(self) -> None:
        require(whole(self.shifts, 0), 'shifts', 'a whole number >= 0', self.shifts)
        known = self.weighting in ('gaussian', 'linear', 'uniform')
        require(known, 'weighting', 'gaussian, linear or uniform', self.weighting)

    def weights(self) -> Sequence[float]:
        """Of the shifts, from the most negative to the most positive."""
        last, count = self.shifts, 2 * self.shifts + 1
        if self.weighting == 'gaussian':
            return gaussian_kernel(count, 3.0).tolist()
        if self.weighting == 'uniform':
            return [1 / count] * count
        # The weights last + 1 - |shift| add up to the square of the largest.
        return [(last + 1 - abs(index - last)) / (last + 1) ** 2 for index in range(count)]

    def check(self, pixels: Tensor, bounds: tuple[float, float]) -> None:
        """There must be frames."""
        require_frames(self, pixels)

    def copy(
        self, pixels: Tensor, index: int, bounds: tuple[float, float], rng: SampleRandom
    ) -> Tensor:
        """The clip shifted; its gradient is shifted back as it flows back."""
        return pixels.roll(index - self.shifts, dims=2)
