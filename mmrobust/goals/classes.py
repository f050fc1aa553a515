"""The attacker's goal for a batch of classified samples.

Shapes: N samples, K classes; ``outputs`` (N, K) are logits or
log-probabilities, ``labels`` (N,) class indices.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from mmrobust.functional.checks import SampleError, require
from mmrobust.functional.losses import LOSSES
from mmrobust.goals.base import BoundGoal, Goal

LossName = Literal['cross_entropy', 'margin', 'logit', 'probability_margin', 'runner_up', 'dlr']
Reference = Literal['label', 'prediction']


@dataclass(frozen=True)
class ClassFacts:
    """What is known of classified samples that a goal is bound to.

    Attributes:
        classes: (N,) classes that the objective speaks of.
        reference: (N,) classes that count as right.
    """

    classes: Tensor
    reference: Tensor

    def select(self, rows: Tensor) -> 'ClassFacts':
        """Some of the samples."""
        return ClassFacts(self.classes[rows], self.reference[rows])


@dataclass(frozen=True)
class ClassGoal(Goal):
    """A goal that speaks of classes.

    Args:
        loss: cross_entropy, margin, logit, probability_margin or, untargeted alone, dlr and
            runner_up (:mod:`mmrobust.functional.losses`).
        reference: What counts as right: the annotated ``label``, or the
            model's own clean ``prediction`` (for videos without labels).
    """

    speaks_of = 'classes'

    loss: LossName = 'cross_entropy'
    reference: Reference = 'label'

    def __post_init__(self) -> None:
        require(self.loss in LOSSES, 'loss', f'one of {", ".join(LOSSES)}', self.loss)
        known = ('label', 'prediction')
        require(self.reference in known, 'reference', 'label or prediction', self.reference)

    def check(self, labels: Tensor, n: int) -> None:
        """Raise ValueError unless ``labels`` (N,) are whole numbers for ``n`` samples."""
        kind = type(labels).__name__
        rule = 'a tensor (N,) of class indices (a goal of poses suits poses)'
        require(isinstance(labels, Tensor), 'labels', rule, kind)
        known = tuple(labels.shape)
        require(known == (n,), 'labels', f'{n} classes (N,)', known)
        truths = labels.dtype == torch.bool
        exact = not (labels.is_floating_point() or labels.is_complex() or truths)
        require(exact, 'labels', 'whole numbers', labels.dtype)

    def bind(self, labels: Tensor, outputs: Tensor) -> BoundGoal:
        """This goal for given samples.

        Args:
            labels: (N,) annotated classes.
            outputs: (N, K) clean logits or log-probabilities.

        Raises:
            ValueError: A label is outside the K classes, or equals the target.
        """
        require(outputs.dim() == 2, 'outputs', 'scores (N, K)', tuple(outputs.shape))
        classes = outputs.shape[1]
        rule = 'of at least two classes (one score of two classes, as of a sigmoid, is none)'
        require(classes >= 2, 'outputs', rule, tuple(outputs.shape))
        if self.reference == 'prediction':
            reference = outputs.argmax(dim=1)
        else:
            self.check_labels(labels, classes)
            reference = labels.to(outputs.device, torch.long)
        return BoundGoal(self, ClassFacts(self.classes(reference, outputs), reference))

    def check_labels(self, labels: Tensor, classes: int) -> None:
        """Raise SampleError unless ``labels`` (N,) are among the classes and suit the goal.

        Asked of a whole data set before the first attack, and of each batch.
        """
        outside = [row for row, label in enumerate(labels) if not 0 <= label < classes]
        if outside:
            rule = f'one of the {classes} classes, 0..{classes - 1}'
            rule += ' (goal.reference="prediction" attacks videos without labels)'
            raise SampleError(f'label must be {rule}, got {int(labels[outside[0]])}', outside)

    @abstractmethod
    def classes(self, reference: Tensor, outputs: Tensor) -> Tensor:
        """The classes (N,) that the objective speaks of."""

    def losses(self, facts: ClassFacts) -> Sequence[str]:
        """Cross-entropy, and the margin for where that is flat or leads astray."""
        return ('cross_entropy', 'margin')

    def loss_of(self, outputs: Tensor, facts: ClassFacts) -> Tensor:
        """The loss of those classes (N,)."""
        return LOSSES[self.loss](outputs, facts.classes)

    def is_correct(self, outputs: Tensor, facts: ClassFacts) -> Tensor:
        """Whether the reference class is predicted, per sample (N,) bool."""
        return (outputs.argmax(dim=1) == facts.reference) & torch.isfinite(outputs).all(dim=1)
