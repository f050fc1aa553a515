"""What every input transform offers.

Shapes: N samples, C channels, T frames, H, W pixels; pictures have no T.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.functional.describe import describe_fields
from mmrobust.functional.randomness import SampleRandom


class InputTransform(ABC):
    """Makes copies of the samples, whose gradients are averaged in the place of one.

    A subclass is a frozen dataclass of its options. Each copy costs a forward and a backward.
    """

    def weights(self) -> Sequence[float]:
        """The share of each copy in the gradient; they add up to 1."""
        return (1.0,)

    @abstractmethod
    def copy(
        self, pixels: Tensor, index: int, bounds: tuple[float, float], rng: SampleRandom
    ) -> Tensor:
        """A copy (N, ...), of the shape of ``pixels`` and differentiable in them.

        Args:
            pixels: (N, C, T, H, W) or (N, C, H, W), which may lie outside of the bounds.
            index: Of the copy: 0 for the first of ``weights``.
            bounds: Least and largest value of the victim's pixels.
            rng: One random stream per sample.
        """

    def check(self, pixels: Tensor, bounds: tuple[float, float]) -> None:  # noqa: B027
        """Raise ValueError unless the transform suits pixels of this shape and range."""

    @property
    def name(self) -> str:
        """For reports."""
        return type(self).__name__

    def describe(self) -> dict[str, Any]:
        """The options, as a config would give them."""
        return describe_fields(self)


def require_frames(transform: InputTransform, pixels: Tensor) -> None:
    """Raise ValueError unless there are frames, one after the other."""
    shape, name = tuple(pixels.shape), type(transform).__name__
    require(len(shape) == 5, 'pixels', f'clips (N, C, T, H, W) for {name}', shape)


def require_pictures(transform: InputTransform, pixels: Tensor) -> None:
    """Raise ValueError unless there are pictures, in clips or alone."""
    shape, name = tuple(pixels.shape), type(transform).__name__
    rule = f'clips (N, C, T, H, W) or pictures (N, C, H, W) for {name}'
    require(len(shape) in (4, 5), 'pixels', rule, shape)
