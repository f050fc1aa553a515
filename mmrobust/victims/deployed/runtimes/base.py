"""What every runtime offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]


class Runtime(ABC):
    """A network that takes an array and returns arrays; it knows no config and no label.

    Attributes:
        batch: How many samples one call takes; None: any number.
        rank: Number of axes of its input, the batch's among them; None where it does not say.
        dtype: Of the array that it wants.
    """

    batch: int | None = None
    rank: int | None = None
    dtype: str = 'float32'

    @abstractmethod
    def __call__(self, array: NDArray[Any]) -> Arrays:
        """Outputs by name, in the network's order.

        Args:
            array: (N, ...), contiguous, of ``dtype``.
        """

    @property
    def versions(self) -> Mapping[str, str]:
        """Of the packages that decide what it answers."""
        return {}

    @property
    def says(self) -> str:
        """Input and outputs as the network declares them, for messages."""
        return type(self).__name__


def known_batch(shape: Sequence[Any]) -> int | None:
    """The first of some declared sizes, where it is a number."""
    return shape[0] if shape and isinstance(shape[0], int) and shape[0] > 0 else None
