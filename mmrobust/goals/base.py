"""The attacker's goal, and the goal bound to a batch of samples, whatever the victim predicts.

Shapes: N samples, D outputs of a victim per sample, G groups of outputs.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Protocol, Self, cast

import torch
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.functional.describe import describe_fields


class Labels(Protocol):
    """What is known of N samples: class indices, poses."""

    def __len__(self) -> int:
        """N."""

    def __getitem__(self, rows: Tensor) -> 'Labels':
        """Those of some of the samples."""


class Facts(Protocol):
    """What a goal knows of the N samples that it is bound to."""

    def select(self, rows: Tensor) -> Self:
        """That of some of the samples."""


class Goal(ABC):
    """A goal from a config; ``bind`` ties it to the samples of a batch.

    A subclass is a frozen dataclass whose fields are the options of a config. What it is
    asked of samples comes with what ``bind`` found out of them; an attack holds both as a
    :class:`BoundGoal`, so that it suits victims of any kind.

    Attributes:
        speaks_of: What a victim must be of for the goal to suit it; None: the goal knows
            itself what it is for.
    """

    speaks_of: ClassVar[str | None] = None

    @abstractmethod
    def check(self, labels: Any, n: int) -> None:
        """Raise ValueError unless ``labels`` are annotations of ``n`` samples."""

    @abstractmethod
    def bind(self, labels: Any, outputs: Tensor) -> 'BoundGoal':
        """This goal for given samples.

        Args:
            labels: Annotations of the N samples, as ``check`` wants them.
            outputs: (N, D), the victim's clean outputs.

        Raises:
            ValueError: An annotation does not fit the outputs.
        """

    @abstractmethod
    def objective(self, outputs: Tensor, facts: Any) -> Tensor:
        """What the attacker increases, per sample (N,); ``facts`` as ``bind`` gave them."""

    @abstractmethod
    def success(self, outputs: Tensor, facts: Any) -> Tensor:
        """Whether the goal is reached, per sample (N,) bool; never with NaN outputs."""

    @abstractmethod
    def is_correct(self, outputs: Tensor, facts: Any) -> Tensor:
        """Whether the prediction is right, so that there is something to attack (N,) bool."""

    def of_prediction(self) -> Self:
        """This goal with the clean prediction for reference, as samples without labels need it."""
        known = {field.name for field in fields(cast(Any, self))}
        if 'reference' not in known:
            return self
        return replace(cast(Any, self), reference='prediction')

    def groups(self, outputs: Tensor, facts: Any) -> Tensor:
        """One number (N, G) per group of outputs, differentiable in them.

        Their Jacobian in the pixels is what a relation map is made of. Here
        every output is a group of its own.
        """
        return outputs

    def losses(self, facts: Any) -> Sequence[str]:
        """What ``loss`` may be on these samples and is worth trying, the usual one first."""
        return ()

    def candidates(self, outputs: Tensor, facts: Any, count: int) -> Sequence['BoundGoal']:
        """The goal with other objectives, each of which pulls to one likely wrong answer.

        What succeeds stays the same. Attacks that go through targets try them in turn.

        Args:
            outputs: (N, D), clean.
            facts: As ``bind`` gave them.
            count: How many at most; none where the goal knows none.
        """
        return ()

    def flags(self, facts: Any) -> Mapping[str, Tensor]:
        """Flags for the bound samples, each with a mask (N,)."""
        return {}

    @property
    def title(self) -> str:
        """What is aimed at, behind an attack's name; nothing where any wrong answer will do."""
        return f'goal {type(self).__name__}'

    def describe(self) -> dict[str, Any]:
        """The options, as a config would give them."""
        return describe_fields(self)


@dataclass(frozen=True)
class BoundGoal:
    """A goal and the N samples that it is bound to: what an attack asks.

    Attributes:
        goal: The goal.
        facts: What ``bind`` found out of the samples.
    """

    goal: Goal
    facts: Facts

    def select(self, rows: Tensor) -> 'BoundGoal':
        """The goal of some of the samples."""
        return BoundGoal(self.goal, self.facts.select(rows))

    def objective(self, outputs: Tensor) -> Tensor:
        """What the attacker increases, per sample (N,)."""
        return self._per_sample(self.goal.objective(outputs, self.facts), outputs, 'objective')

    def success(self, outputs: Tensor) -> Tensor:
        """Whether the goal is reached, per sample (N,) bool."""
        return self._truths(self.goal.success(outputs, self.facts), outputs, 'success')

    def is_correct(self, outputs: Tensor) -> Tensor:
        """Whether the prediction is right, per sample (N,) bool."""
        return self._truths(self.goal.is_correct(outputs, self.facts), outputs, 'is_correct')

    def groups(self, outputs: Tensor) -> Tensor:
        """One number (N, G) per group of outputs."""
        return self.goal.groups(outputs, self.facts)

    def losses(self) -> Sequence[str]:
        """Losses worth trying, the usual one first; none where the goal has no choice."""
        return self.goal.losses(self.facts)

    def candidates(self, outputs: Tensor, count: int) -> Sequence['BoundGoal']:
        """The goal with objectives that each pull to one likely wrong answer."""
        return self.goal.candidates(outputs, self.facts, count)

    @property
    def knows_candidates(self) -> bool:
        """Whether the goal can say what wrong answers are likely."""
        return type(self.goal).candidates is not Goal.candidates

    def with_loss(self, loss: str) -> 'BoundGoal':
        """The same samples and success with another loss.

        Raises:
            ValueError: The goal has no such loss.
        """
        known = {field.name for field in fields(cast(Any, self.goal))}
        require('loss' in known, 'loss', f'left out for goal {type(self.goal).__name__}', loss)
        return BoundGoal(replace(cast(Any, self.goal), loss=loss), self.facts)

    def flags(self) -> Mapping[str, Tensor]:
        """Flags for the samples, each with a mask (N,)."""
        return self.goal.flags(self.facts)

    def _per_sample(self, found: Tensor, outputs: Tensor, method: str) -> Tensor:
        """What a goal's method gave, if it is one value for each sample."""
        got = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        name, shape = f'{type(self.goal).__name__}.{method}()', (len(outputs),)
        require(got == shape, name, f'a tensor {shape}', got)
        return found

    def _truths(self, found: Tensor, outputs: Tensor, method: str) -> Tensor:
        """Likewise, if it is true or false."""
        truths = self._per_sample(found, outputs, method)
        name = f'{type(self.goal).__name__}.{method}()'
        require(truths.dtype == torch.bool, name, 'true or false per sample', truths.dtype)
        return truths
