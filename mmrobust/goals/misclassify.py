"""Any wrong class will do."""

from dataclasses import dataclass

from torch import Tensor

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
        return (outputs.argmax(dim=1) != facts.classes) & outputs.isfinite().all(dim=1)
