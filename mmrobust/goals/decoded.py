"""What goals share whose success is decided on a head's decoded response.

Shapes: N samples; ``outputs`` (N, D) are the response before it is decoded.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any, Self

from torch import Tensor

from mmrobust.functional.checks import finite, require
from mmrobust.goals.base import Goal


@dataclass(frozen=True)
class DecodedGoal(Goal):
    """A goal whose objective is one of the losses of the victim's adapter.

    Args:
        loss: ``auto`` (the head's usual, its first), or one that the adapter has.
        tau: Distance, > 0, beyond which a joint is wrong.

    Attributes:
        truth: The annotations, with the ``adapter``; set by ``bind``.
        aim: What the response is compared with, encoded; likewise.
    """

    loss: str = 'auto'
    tau: float = 0.2
    truth: Any = field(default=None, init=False)
    aim: Any = field(default=None, init=False)

    def __post_init__(self) -> None:
        require(isinstance(self.loss, str), 'loss', 'the name of a loss', self.loss)
        require(finite(self.tau) and self.tau > 0, 'tau', 'a finite number > 0', self.tau)

    @property
    def bound(self) -> tuple[Any, Any]:
        """``truth`` and ``aim``; an error before ``bind``."""
        if self.truth is None or self.aim is None:
            raise RuntimeError(f'{type(self).__name__} must be bound to a batch first')
        return self.truth, self.aim

    def select(self, rows: Tensor) -> Self:
        """The goal of some of the samples."""
        truth, aim = self.bound
        return self._bound(truth.select(rows), aim.select(rows))

    def _bound(self, truth: Any, aim: Any) -> Self:
        twin = copy.copy(self)
        object.__setattr__(twin, 'truth', truth)
        object.__setattr__(twin, 'aim', aim)
        return twin

    def _check_loss(self, adapter: Any) -> None:
        losses = adapter.losses()
        rule = f'auto or one of {", ".join(losses)} for this head'
        require(self.loss in ('auto', *losses), 'loss', rule, self.loss)

    def _loss(self, outputs: Tensor) -> Tensor:
        """The loss from ``aim`` (N,)."""
        truth, aim = self.bound
        losses = truth.adapter.losses()
        found: Tensor = losses[next(iter(losses)) if self.loss == 'auto' else self.loss](
            outputs, aim
        )
        return found
