"""Scale-invariant gradients (Lin, Song, He, Wang and Hopcroft 2020, arXiv:1908.06281)."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from mmrobust.functional.checks import require, whole
from mmrobust.functional.randomness import SampleRandom
from mmrobust.input_transforms.base import InputTransform
from mmrobust.input_transforms.origin import Origin, check_origin, level_of
from mmrobust.registry import INPUT_TRANSFORMS


@INPUT_TRANSFORMS.register_module()
@dataclass(frozen=True)
class SI(InputTransform):
    """The mean gradient over copies of less and less contrast: x / 2^i.

    Official setting: 5 copies, i = 0..4. Gradients are those in x, so that the i-th counts
    2^-i times what it is at its copy, as in the official code. The paper does not say which
    grey level is 0; there it is the middle of the range (pixels in -1..1), in later codes,
    and here unless ``origin='grey'``, the darkest.

    Args:
        scales: Number of copies, >= 1; 1 is the sample alone.
        origin: What copies fade to: ``dark``, or ``grey`` (the middle of the range of values).
    """

    scales: int = 5
    origin: Origin = 'dark'

    def __post_init__(self) -> None:
        require(whole(self.scales, 1), 'scales', 'a whole number >= 1', self.scales)
        check_origin('origin', self.origin)

    def weights(self) -> Sequence[float]:
        """All the same."""
        return [1 / self.scales] * self.scales

    def check(self, pixels: Tensor, bounds: tuple[float, float]) -> None:
        """There must be a level to fade to."""
        level_of(self.origin, bounds)

    def copy(
        self, pixels: Tensor, index: int, bounds: tuple[float, float], rng: SampleRandom
    ) -> Tensor:
        """Half of the contrast of the copy before."""
        level = level_of(self.origin, bounds)
        return level + (pixels - level) / 2**index
