"""What a gradient loop keeps of the samples at work, row by row.

Shapes: N samples, C channels, T frames, H, W pixels.
"""

from dataclasses import dataclass, field, fields
from typing import Any, Self

from torch import Tensor

from mmrobust.functional.randomness import SampleRandom
from mmrobust.goals import BoundGoal
from mmrobust.victims.counting import CountingVictim


@dataclass
class LoopState:
    """The samples that are not done yet, and all that belongs to them.

    An attack that remembers more (momentum, a mask, a step size per sample) adds fields
    in a dataclass derived from this one; tensors of theirs have N rows.

    Attributes:
        victim: Of the samples.
        goal: Bound to them.
        clean: (N, C, T, H, W).
        pixels: Where they stand, likewise.
        rng: A random stream per sample.
        iteration: Of the loop, from 0.
        last_objective: (N,) of the goal, where the last gradient was taken; None if nobody kept it.
    """

    victim: CountingVictim
    goal: BoundGoal
    clean: Tensor
    pixels: Tensor
    rng: SampleRandom
    iteration: int
    last_objective: Tensor | None = field(default=None, kw_only=True)

    def select(self, rows: Tensor) -> Self:
        """The state of some of the samples."""
        return type(self)(**{f.name: _chosen(getattr(self, f.name), rows) for f in fields(self)})


def _chosen(value: Any, rows: Tensor) -> Any:
    """The rows of a tensor, or of what knows how to select; a plain value is for all."""
    if isinstance(value, Tensor):
        return value[rows.to(value.device)]
    return value.select(rows) if hasattr(value, 'select') else value
