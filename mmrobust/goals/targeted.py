"""One class that the victim is to predict."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from mmrobust.functional.checks import SampleError, require, whole
from mmrobust.functional.losses import dlr_towards
from mmrobust.goals.base import BoundGoal
from mmrobust.goals.classes import ClassFacts, ClassGoal
from mmrobust.registry import GOALS


@dataclass(frozen=True)
class Targeted(ClassGoal):
    """The prediction is to be a given class; the loss of that class falls."""

    def __post_init__(self) -> None:
        super().__post_init__()
        # A ratio stays where it is while the target is third; APGD-T has one for targets.
        rule = 'a loss that speaks of the target class'
        require(self.loss not in ('runner_up', 'dlr'), 'loss', rule, self.loss)

    def objective(self, outputs: Tensor, facts: ClassFacts) -> Tensor:
        """Minus the loss of the target class (N,)."""
        return -self.loss_of(outputs, facts)

    def success(self, outputs: Tensor, facts: ClassFacts) -> Tensor:
        """True where the target wins (N,)."""
        return (outputs.argmax(dim=1) == facts.classes) & outputs.isfinite().all(dim=1)

    def candidates(self, outputs: Tensor, facts: ClassFacts, count: int) -> Sequence[BoundGoal]:
        """The target alone: no other answer will do."""
        return [BoundGoal(Pulled(), facts)]


@dataclass(frozen=True)
class Pulled(Targeted):
    """The target by the targeted difference of logits ratio, from the reference class."""

    def classes(self, reference: Tensor, outputs: Tensor) -> Tensor:
        """Never asked: what is bound has its target."""
        raise NotImplementedError

    def objective(self, outputs: Tensor, facts: ClassFacts) -> Tensor:
        """How far the target leads the reference (N,)."""
        return dlr_towards(outputs, facts.reference, facts.classes)


@GOALS.register_module()
@dataclass(frozen=True)
class TargetClass(Targeted):
    """One class for all samples.

    Args:
        loss: See :class:`~mmrobust.goals.classes.ClassGoal`.
        reference: See :class:`~mmrobust.goals.classes.ClassGoal`.
        target: Index of the class, or ``'next'``: the class after the
            reference one, cyclically, which suits every sample.
    """

    target: int | str = 'next'

    def __post_init__(self) -> None:
        super().__post_init__()
        known = whole(self.target, 0) or self.target == 'next'
        require(known, 'target', 'a class index or "next"', self.target)

    @property
    def title(self) -> str:
        """Which class is aimed at."""
        which = 'the next class' if self.target == 'next' else f'class {self.target}'
        return f'targeted at {which}'

    def classes(self, reference: Tensor, outputs: Tensor) -> Tensor:
        """The target class for every sample (N,)."""
        classes = outputs.shape[1]
        if isinstance(self.target, str):
            return (reference + 1) % classes
        self._check_target(reference, classes)
        return reference.new_full(reference.shape, self.target)

    def check_labels(self, labels: Tensor, classes: int) -> None:
        """Raise SampleError unless ``labels`` (N,) are among the classes, and none the target."""
        super().check_labels(labels, classes)
        self._check_target(labels, classes)

    def _check_target(self, reference: Tensor, classes: int) -> None:
        if isinstance(self.target, str):
            return
        require(self.target < classes, 'target', f'below the {classes} classes', self.target)
        same = [row for row, label in enumerate(reference) if label == self.target]
        if same:
            rule = 'different from the label of every sample (or "next")'
            raise SampleError(f'target must be {rule}, got {self.target}', same)


@GOALS.register_module()
@dataclass(frozen=True)
class LeastLikely(Targeted):
    """The class that the victim finds least likely on the clean sample.

    Source: Kurakin, Goodfellow and Bengio 2017, arXiv:1607.02533, section 2.3.
    """

    @property
    def title(self) -> str:
        """Which class is aimed at."""
        return 'least likely class'

    def classes(self, reference: Tensor, outputs: Tensor) -> Tensor:
        """The class of the lowest clean output (N,)."""
        return outputs.argmin(dim=1)
