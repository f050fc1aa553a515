"""A goal beyond the best answer: the right class is to leave the first few."""

from dataclasses import dataclass

from torch import Tensor

from mmrobust.functional.checks import require, whole
from mmrobust.goals import ClassFacts, ClassGoal
from mmrobust.registry import GOALS


@GOALS.register_module()
@dataclass(frozen=True)
class OutOfTop(ClassGoal):
    """Untargeted: the reference class is no longer among the first ``k`` answers.

    Args:
        loss: See :class:`~mmrobust.goals.classes.ClassGoal`.
        reference: See :class:`~mmrobust.goals.classes.ClassGoal`.
        k: How many answers count, >= 1, below the number of classes.
    """

    k: int = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        require(whole(self.k, 1), 'k', 'a whole number >= 1', self.k)

    @property
    def title(self) -> str:
        """What a report says behind the attack's name."""
        return f'out of the first {self.k}'

    def classes(self, reference: Tensor, outputs: Tensor) -> Tensor:
        """The reference class, whose loss is to grow."""
        known = outputs.shape[1]
        require(self.k < known, 'k', f'below the {known} classes', self.k)
        return reference

    def objective(self, outputs: Tensor, facts: ClassFacts) -> Tensor:
        """The loss of the reference class (N,)."""
        return self.loss_of(outputs, facts)

    def success(self, outputs: Tensor, facts: ClassFacts) -> Tensor:
        """True where at least ``k`` other classes win (N,)."""
        own = outputs.gather(1, facts.classes[:, None])
        ahead = (outputs > own).sum(dim=1)
        return (ahead >= self.k) & outputs.isfinite().all(dim=1)
