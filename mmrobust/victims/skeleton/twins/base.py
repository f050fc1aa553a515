"""What every twin of a transform offers.

Shapes: M persons, T frames, V joints, C channels.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import DTypeLike
from torch import Tensor

from mmrobust.functional.checks import require

# What a pipeline knows of a sample: arrays of numbers are ``Typed``, anything else is as it is.
State = dict[str, Any]
TORCH = {'float16': torch.float16, 'float32': torch.float32, 'float64': torch.float64}


class _Through(torch.autograd.Function):
    """One tensor's values with another one's slopes."""

    @staticmethod
    def forward(ctx: Any, slopes: Tensor, values: Tensor) -> Tensor:
        """The values."""
        return values.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """All of the gradient goes to the slopes."""
        return gradients[0], None


def through(slopes: Tensor, values: Tensor) -> Tensor:
    """``values``, exactly, whose gradient is that of ``slopes``; both of one shape."""
    assert slopes.shape == values.shape, (slopes.shape, values.shape)
    found: Tensor = _Through.apply(slopes, values.detach())
    return found


def rounded(value: Tensor, dtype: DTypeLike) -> Tensor:
    """Double precision rounded to what ``dtype`` holds, with a slope of one."""
    kind = TORCH[np.dtype(dtype).name]
    return value if kind == torch.float64 else through(value, value.detach().to(kind).double())


@dataclass(frozen=True)
class Typed:
    """An array of the pipeline as a tensor with slopes.

    Transforms compute in the type of the file (float16, often); what a twin computes is
    rounded to it after each step, so that it gets the same values.

    Attributes:
        value: Double precision, of values that ``dtype`` holds.
        dtype: Of the array in the pipeline.
    """

    value: Tensor
    dtype: np.dtype[Any]

    def rounded(self, value: Tensor) -> Tensor:
        """What a step of the pipeline in this type makes of ``value``."""
        return rounded(value, self.dtype)

    def at(self, value: Tensor) -> Typed:
        """The result of such a step."""
        return Typed(self.rounded(value), self.dtype)

    def to(self, dtype: DTypeLike) -> Typed:
        """Converted to another type."""
        return Typed(rounded(self.value, dtype), np.dtype(dtype))

    def half_sum(self, one: Tensor, other: Tensor) -> Tensor:
        """(one + other) / 2, rounded after each step."""
        return self.rounded(self.rounded(one + other) / 2)


def joined(parts: Sequence[Typed], axis: int) -> Typed:
    """Arrays one after the other, of the type that NumPy gives them together."""
    dtype = np.result_type(*(part.dtype for part in parts))
    return Typed(torch.cat([part.value for part in parts], dim=axis), dtype)


class Twin(ABC):
    """A transform once more, on tensors, so that gradients pass.

    It is registered under the name of the transform's class::

        @TWINS.register_module(name='PreNormalize2D')
        class NormaliseTwin2D(Twin): ...

    Values of the network's input come from the transform itself, and only slopes from the twin;
    but both are compared for every sample, and must agree within 1e-6.

    Args:
        transform: The pipeline's own.

    Raises:
        ValueError: It has an option that cannot be followed; the message names it.
    """

    def __init__(self, transform: Any) -> None:
        self.transform = transform

    @abstractmethod
    def __call__(self, state: State) -> State:
        """The state after the transform; the given one stays as it is."""

    def stock(self, state: State) -> State:
        """What the transform itself makes of arrays, bit for bit, if there is a quicker way."""
        found: State | None = self.transform(state)
        require(found is not None, type(self.transform).__name__, 'one that returns', found)
        assert found is not None
        return found
