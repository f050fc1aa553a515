"""Values, pixels and frames of samples: what a perturbation can be counted in.

Shapes: N samples, C channels, T frames, H, W pixels, U units of a sample.
"""

from typing import Literal

from torch import Tensor

Unit = Literal['value', 'pixel', 'frame']
UNITS = ('value', 'pixel', 'frame')


def sums_of_units(x: Tensor, unit: Unit) -> Tensor:
    """Sums over the values of each unit; (N, C, ...) -> (N, U).

    Args:
        x: (N, C, ...); frames need (N, C, T, H, W).
        unit: ``value``; ``pixel``, all channels at one place; ``frame``.
    """
    if unit == 'value':
        return x.flatten(1)
    if unit == 'pixel':
        return x.sum(dim=1).flatten(1)
    return x.transpose(1, 2).flatten(2).sum(dim=2)


def of_units(per_unit: Tensor, like: Tensor, unit: Unit) -> Tensor:
    """(N, U), viewed so that it broadcasts against ``like`` (N, C, ...)."""
    if unit == 'value':
        return per_unit.reshape(like.shape)
    if unit == 'pixel':
        return per_unit.reshape(len(like), 1, *like.shape[2:])
    return per_unit.reshape(len(like), 1, -1, 1, 1)


def size_of_unit(like: Tensor, unit: Unit) -> int:
    """How many values of (N, C, ...) a unit has."""
    if unit == 'value':
        return 1
    return like.shape[1] if unit == 'pixel' else like[:1, :, :1].numel()


def changed_units(delta: Tensor, unit: Unit) -> Tensor:
    """Whether any value of a unit is other than zero; (N, C, ...) -> (N, U) bool."""
    return sums_of_units((delta != 0).to(delta), unit) > 0
