"""Input diversity (Xie, Zhang, Zhou, Bai, Wang, Ren and Yuille 2019, arXiv:1803.06978)."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from mmrobust.functional.checks import finite, require
from mmrobust.functional.placing import placed
from mmrobust.functional.randomness import SampleRandom
from mmrobust.input_transforms.base import InputTransform, require_pictures
from mmrobust.input_transforms.origin import Origin, check_origin, level_of
from mmrobust.registry import INPUT_TRANSFORMS


@INPUT_TRANSFORMS.register_module()
@dataclass(frozen=True)
class DI(InputTransform):
    """Random resizing and padding, the same for all frames of a clip.

    With a probability a sample is enlarged by a random factor, put at a random place in a
    frame that is ``enlarge`` times as large, and brought back to its size. Official setting:
    probability 0.5; from 299 to less than 330 pixels, padded to 330.
    Deviations: the result is resized to the size that it had, as later codes do, for victims
    that take no other; resizing is bilinear (nearest neighbour there); at least one pixel is
    added, also to small frames; any place may be the one, the last included. The official
    code pads with zeros of pixels in -1..1, which is ``padding='grey'``.

    Args:
        probability: Of a sample to be transformed, 0..1.
        enlarge: Size of the padded frame, as a multiple, > 1.
        padding: ``dark``, or ``grey`` (the middle of the range of values).
    """

    probability: float = 0.5
    enlarge: float = 1.1
    padding: Origin = 'dark'

    def __post_init__(self) -> None:
        chance = finite(self.probability) and 0 <= self.probability <= 1
        require(chance, 'probability', 'a number 0..1', self.probability)
        larger = finite(self.enlarge) and self.enlarge > 1
        require(larger, 'enlarge', 'a finite number > 1', self.enlarge)
        check_origin('padding', self.padding)

    def check(self, pixels: Tensor, bounds: tuple[float, float]) -> None:
        """There must be rows and columns, and something to pad with."""
        require_pictures(self, pixels)
        level_of(self.padding, bounds)

    def copy(
        self, pixels: Tensor, index: int, bounds: tuple[float, float], rng: SampleRandom
    ) -> Tensor:
        """Each sample resized and placed by four numbers of its own stream, or as it is."""
        draws = rng.uniform_like(torch.zeros(len(pixels), 4, dtype=torch.float64)).tolist()
        level = level_of(self.padding, bounds)
        # One sample at a time: a product of all may round by their number.
        pairs = zip(pixels, draws, strict=True)
        return torch.stack([self._one(sample, draw, level) for sample, draw in pairs])

    def _one(self, sample: Tensor, draw: list[float], level: float) -> Tensor:
        chance, size, *places = draw
        if chance >= self.probability:
            return sample
        rows, columns = (
            self._axis(side, size, place).to(sample)
            for side, place in zip(sample.shape[-2:], places, strict=True)
        )
        return level + rows @ (sample - level) @ columns.T

    def _axis(self, side: int, size: float, place: float) -> Tensor:
        """What happens along an axis of so many pixels."""
        # A product such as 1.15 * 20 may end just below the whole number that it is.
        large = max(side + 1, math.floor(round(side * self.enlarge, 6)))
        grown = side + math.floor(size * (large - side))
        return placed(side, grown, large, math.floor(place * (large - grown + 1)))
