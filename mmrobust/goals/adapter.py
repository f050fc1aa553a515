"""What goals ask of a victim's head: the victims' head adapters answer it.

Shapes: N samples, K joints, D values of a response, G groups of them.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from torch import Tensor


class Adapter(Protocol):
    """Translates between responses (N, D) of a head and what they mean."""

    def losses(self) -> Mapping[str, Callable[[Tensor, Any], Tensor]]:
        """Losses (N,) from an encoded reference, by name; the head's usual one first."""

    def groups(self, outputs: Tensor, reference: Any) -> Tensor:
        """One number (N, G) per group of values, such as a joint; differentiable."""


class PoseAdapter(Adapter, Protocol):
    """One whose responses are of one person each."""

    @property
    def input_size(self) -> tuple[int, int]:
        """Width and height of what the network sees, pixels."""

    @property
    def nothing(self) -> float:
        """The score that the head gives a joint without a response."""

    @property
    def refinement(self) -> float:
        """How far from what a response speaks for most a joint may be decoded, input pixels."""

    def encode(self, keypoints: Tensor, visible: Tensor) -> Any:
        """Poses (N, K, 2) and who is visible (N, K), as responses are compared with them."""

    def joint_margins(self, outputs: Tensor, keypoints: Tensor, reach: Tensor) -> Tensor:
        """How far joints are beyond reach (N, K) of points (N, K, 2); differentiable."""

    def soft_coordinates(self, outputs: Tensor) -> Tensor:
        """Differentiable joint positions (N, K, 2) in input pixels."""

    def peaks(self, outputs: Tensor, keypoints: Tensor, reach: Tensor, count: int) -> Tensor:
        """Places (N, K, count, 2) beyond reach that responses speak for most; NaN of no more."""

    def leads(self, outputs: Tensor, keypoints: Tensor, reach: Tensor, places: Tensor) -> Tensor:
        """How far places (N, K, 2) beyond reach lead all within it; -inf of those not beyond."""

    def decode(self, outputs: Tensor) -> tuple[Tensor, Tensor]:
        """Joints (N, K, 2) that the head finds in responses, and their scores (N, K)."""
