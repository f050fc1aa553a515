"""A victim from any function, for tests and for models outside OpenMMLab."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from mmrobust.functional.checks import finite, require
from mmrobust.victims.bound import BoundVictim


class FunctionVictim(BoundVictim):
    """Wraps a function or module as a victim.

    Args:
        function: Inputs (N, C, T, H, W), or pictures (N, C, H, W), to outputs (N, K).
        bounds: Least and largest value of an input; default 0..255.
        dtype: ``uint8``, the default, for whole grey levels; a floating type for any values.
        grid: Of a floating ``dtype``: the least step of a value, > 0; None for no
            rounding. (A query attack on such a victim takes 1/64 of the budget.)

    Raises:
        ValueError: An option is out of range.
    """

    def __init__(
        self,
        function: Callable[[Tensor], Tensor],
        *,
        bounds: tuple[float, float] | None = None,
        dtype: torch.dtype | None = None,
        grid: float | None = None,
    ) -> None:
        # A subclass may have its own.
        bounds = self.bounds if bounds is None else bounds
        dtype = self.dtype if dtype is None else dtype
        grid = self.grid if grid is None else grid
        require(bounds[0] < bounds[1], 'bounds', 'a least and a larger value', bounds)
        kinds = dtype == torch.uint8 or dtype.is_floating_point
        require(kinds, 'dtype', 'uint8 or a floating type', dtype)
        step = grid is None or (finite(grid) and grid > 0)
        require(step, 'grid', 'None or a finite number > 0', grid)
        known = grid is None or dtype.is_floating_point
        require(known, 'grid', 'None for uint8, which has whole grey levels', grid)
        require(callable(function), 'function', 'a function or a module', function)
        self.function = function
        self.bounds, self.dtype, self.grid = bounds, dtype, grid

    def __call__(self, pixels: Tensor) -> Tensor:
        """Outputs (N, K)."""
        return self.function(pixels.float() if self._narrows(pixels) else pixels)

    def _narrows(self, pixels: Tensor) -> bool:
        """Whether the pixels are double, and the function a network of single precision."""
        if pixels.dtype != torch.float64 or not isinstance(self.function, nn.Module):
            return False
        kinds = {one.dtype for one in self.function.parameters() if one.is_floating_point()}
        return kinds == {torch.float32}

    @property
    def model(self) -> nn.Module | None:
        """The function, if it is a module."""
        return self.function if isinstance(self.function, nn.Module) else None
