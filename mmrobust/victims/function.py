"""A victim from any function, for tests and for models outside OpenMMLab."""

from collections.abc import Callable

from torch import Tensor, nn

from mmrobust.victims.base import Victim


class FunctionVictim(Victim):
    """Wraps a function or module as a victim.

    Args:
        function: Pixels (N, C, T, H, W), 0..255, to outputs (N, K).
    """

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        self.function = function

    def __call__(self, pixels: Tensor) -> Tensor:
        """Outputs (N, K)."""
        return self.function(pixels)

    @property
    def model(self) -> nn.Module | None:
        """The function, if it is a module."""
        return self.function if isinstance(self.function, nn.Module) else None
