"""The gradient of the goal, however an attack uses it.

Shapes: N samples, C channels, T frames, H, W pixels, K classes.
"""

import torch
from torch import Tensor

from mmrobust.goals import BoundGoal
from mmrobust.victims.counting import CountingVictim

NO_GRADIENT = (
    'victim must be differentiable in the pixels, got detached outputs; a black box takes a '
    'query attack (square, nes, rays, ...), or the gradients of a --surrogate'
)


def ascent(victim: CountingVictim, pixels: Tensor, outputs: Tensor, goal: BoundGoal) -> Tensor:
    """Gradient (N, C, T, H, W) of the goal's objective in the pixels.

    Args:
        victim: See :func:`slope`.
        pixels: The leaf that ``outputs`` were computed from.
        outputs: (N, K), or of fewer samples, whose rows ``goal`` is bound to;
            the others' gradient is zero.
        goal: Bound to the rows of ``outputs``.

    Raises:
        ValueError: The outputs do not depend on the pixels.
    """
    if not outputs.requires_grad:
        raise ValueError(NO_GRADIENT)
    return slope(victim, pixels, goal.objective(outputs))


def slope(victim: CountingVictim, pixels: Tensor, objective: Tensor) -> Tensor:
    """Gradient (N, C, T, H, W) of an objective in the pixels.

    The sum over samples keeps them apart: each sees its own gradient only.

    Args:
        victim: Flags samples whose gradient is not finite; those get zeros there.
        pixels: The leaf that the objective was computed from.
        objective: (N,), or of fewer samples; the others' gradient is zero.

    Raises:
        ValueError: The objective does not depend on the pixels.
    """
    if not objective.requires_grad:
        raise ValueError(NO_GRADIENT)
    (gradient,) = torch.autograd.grad(objective.sum(), pixels)
    # A sum is finite only where all that it adds up is: one pass instead of six.
    if bool(gradient.flatten(1).sum(dim=1).isfinite().all()):
        return gradient
    victim.flag('not_finite', ~gradient.isfinite().flatten(1).all(dim=1))
    return gradient.nan_to_num(0.0, 0.0, 0.0)
