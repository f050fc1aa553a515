"""The attacker's goal for a batch of classified samples.

Shapes: N samples, K classes; ``outputs`` (N, K) are logits or
log-probabilities, ``labels`` (N,) class indices.
"""

import copy
from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Literal, Self

import torch
from torch import Tensor

from mmrobust.functional.checks import SampleError, require
from mmrobust.functional.losses import LOSSES
from mmrobust.goals.base import Goal

LossName = Literal['cross_entropy', 'margin', 'logit', 'probability_margin', 'runner_up']
Reference = Literal['label', 'prediction']


@dataclass(frozen=True)
class ClassGoal(Goal):
    """A goal that speaks of classes.

    Args:
        loss: cross_entropy, margin, logit, probability_margin or, untargeted alone,
            runner_up (:mod:`mmrobust.functional.losses`).
        reference: What counts as right: the annotated ``label``, or the
            model's own clean ``prediction`` (for videos without labels).

    Attributes:
        classes: (N,) classes that the objective speaks of; set by ``bind``.
        truth: (N,) reference classes; set by ``bind``.
    """

    speaks_of = 'classes'

    loss: LossName = 'cross_entropy'
    reference: Reference = 'label'
    classes: Tensor | None = field(default=None, init=False)
    truth: Tensor | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        require(self.loss in LOSSES, 'loss', f'one of {", ".join(LOSSES)}', self.loss)
        known = ('label', 'prediction')
        require(self.reference in known, 'reference', 'label or prediction', self.reference)

    def check(self, labels: Tensor, n: int) -> None:
        """Raise ValueError unless ``labels`` (N,) are whole numbers for ``n`` samples."""
        kind = type(labels).__name__
        require(isinstance(labels, Tensor), 'labels', 'classes (a goal of poses suits poses)', kind)
        known = tuple(labels.shape)
        require(known == (n,), 'labels', f'{n} classes (N,)', known)
        exact = not (labels.is_floating_point() or labels.is_complex())
        require(exact, 'labels', 'whole numbers', labels.dtype)

    def bind(self, labels: Tensor, outputs: Tensor) -> Self:
        """This goal for given samples.

        Args:
            labels: (N,) annotated classes.
            outputs: (N, K) clean logits or log-probabilities.

        Raises:
            ValueError: A label is outside the K classes, or equals the target.
        """
        require(outputs.dim() == 2, 'outputs', 'scores (N, K)', tuple(outputs.shape))
        classes = outputs.shape[1]
        if self.reference == 'prediction':
            truth = outputs.argmax(dim=1)
        else:
            self.check_labels(labels, classes)
            truth = labels.to(outputs.device, torch.long)
        return self._bound(self.aim(truth, outputs), truth)

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
    def aim(self, truth: Tensor, outputs: Tensor) -> Tensor:
        """The classes (N,) that the objective speaks of."""

    def select(self, rows: Tensor) -> Self:
        """The goal of some of the samples."""
        classes, truth = self.bound
        return self._bound(classes[rows], truth[rows])

    def _bound(self, classes: Tensor, truth: Tensor) -> Self:
        twin = copy.copy(self)
        object.__setattr__(twin, 'classes', classes)
        object.__setattr__(twin, 'truth', truth)
        return twin

    @property
    def bound(self) -> tuple[Tensor, Tensor]:
        """``classes`` and ``truth``; an error before ``bind``."""
        if self.classes is None or self.truth is None:
            raise RuntimeError(f'{type(self).__name__} must be bound to a batch first')
        return self.classes, self.truth

    def _loss(self, outputs: Tensor) -> Tensor:
        return LOSSES[self.loss](outputs, self.bound[0])

    def is_correct(self, outputs: Tensor) -> Tensor:
        """Whether the reference class is predicted, per sample (N,) bool."""
        return (outputs.argmax(dim=1) == self.bound[1]) & torch.isfinite(outputs).all(dim=1)
