"""What goals share whose success is decided on a head's decoded response.

Shapes: N samples; ``outputs`` (N, D) are the response before it is decoded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from mmrobust.functional.checks import finite, require
from mmrobust.goals.adapter import Adapter
from mmrobust.goals.base import Goal


@dataclass(frozen=True)
class DecodedFacts:
    """What is known of samples with poses that a goal is bound to.

    Attributes:
        annotations: Theirs, with the victim's ``adapter``.
        reference: What the response is compared with, encoded.
    """

    annotations: Any
    reference: Any

    def select(self, rows: Tensor) -> DecodedFacts:
        """Some of the samples."""
        return DecodedFacts(self.annotations.select(rows), self.reference.select(rows))


@dataclass(frozen=True)
class DecodedGoal(Goal):
    """A goal whose objective is one of the losses of the victim's adapter.

    Args:
        loss: ``auto`` (the head's usual, its first), or one that the adapter has.
        tau: Distance, > 0, beyond which a joint is wrong.
    """

    loss: str = 'auto'
    tau: float = 0.2

    def __post_init__(self) -> None:
        require(isinstance(self.loss, str), 'loss', 'the name of a loss', self.loss)
        require(finite(self.tau) and self.tau > 0, 'tau', 'a finite number > 0', self.tau)

    def _check_loss(self, adapter: Adapter) -> None:
        losses = adapter.losses()
        rule = f'auto or one of {", ".join(losses)} for this head'
        require(self.loss in ('auto', *losses), 'loss', rule, self.loss)

    def losses(self, facts: DecodedFacts) -> Sequence[str]:
        """All of the head's."""
        return list(facts.annotations.adapter.losses())

    def loss_of(self, outputs: Tensor, facts: DecodedFacts) -> Tensor:
        """The loss from the reference (N,)."""
        losses = facts.annotations.adapter.losses()
        name = next(iter(losses)) if self.loss == 'auto' else self.loss
        found: Tensor = losses[name](outputs, facts.reference)
        return found
