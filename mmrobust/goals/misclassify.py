"""Any wrong class will do."""

from dataclasses import dataclass

from torch import Tensor

from mmrobust.goals.classes import ClassGoal
from mmrobust.registry import GOALS


@GOALS.register_module()
@dataclass(frozen=True)
class Misclassify(ClassGoal):
    """Untargeted: the prediction is any class but the reference."""

    @property
    def title(self) -> str:
        """Nothing: any wrong answer will do."""
        return ''

    def aim(self, truth: Tensor, outputs: Tensor) -> Tensor:
        """The reference class, whose loss is to grow."""
        return truth

    def objective(self, outputs: Tensor) -> Tensor:
        """The loss of the reference class (N,)."""
        return self._loss(outputs)

    def success(self, outputs: Tensor) -> Tensor:
        """True where another class wins (N,)."""
        return (outputs.argmax(dim=1) != self.bound[0]) & outputs.isfinite().all(dim=1)
