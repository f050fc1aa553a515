"""Any wrong class will do."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from mmrobust.functional.losses import dlr_towards
from mmrobust.goals.base import BoundGoal
from mmrobust.goals.classes import ClassFacts, ClassGoal
from mmrobust.registry import GOALS


@GOALS.register_module()
@dataclass(frozen=True)
class Misclassify(ClassGoal):
    """Untargeted: the prediction is any class but the reference."""

    @property
    def title(self) -> str:
        """Nothing: any wrong answer will do."""
        return ''

    def classes(self, reference: Tensor, outputs: Tensor) -> Tensor:
        """The reference class, whose loss is to grow."""
        return reference

    def objective(self, outputs: Tensor, facts: ClassFacts) -> Tensor:
        """The loss of the reference class (N,)."""
        return self.loss_of(outputs, facts)

    def success(self, outputs: Tensor, facts: ClassFacts) -> Tensor:
        """True where another class wins (N,)."""
        return (outputs.argmax(dim=1) != facts.reference) & outputs.isfinite().all(dim=1)

    def candidates(self, outputs: Tensor, facts: ClassFacts, count: int) -> Sequence[BoundGoal]:
        """The likeliest other classes: each is pulled up, and any wrong class still will do."""
        others = outputs.scatter(1, facts.reference[:, None], -float('inf'))
        ranked = others.topk(min(count, outputs.shape[1] - 1), dim=1).indices
        return [BoundGoal(Towards(), ClassFacts(classes, facts.reference)) for classes in ranked.T]


@dataclass(frozen=True)
class Towards(Misclassify):
    """Untargeted all the same: a given class is pulled up, whichever wins in the end.

    The objective is the targeted difference of logits ratio
    (:func:`~mmrobust.functional.losses.dlr_towards`).
    """

    def objective(self, outputs: Tensor, facts: ClassFacts) -> Tensor:
        """How far the class pulled up leads the reference (N,)."""
        return dlr_towards(outputs, facts.reference, facts.classes)
