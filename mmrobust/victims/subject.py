"""A model under test with its own data, as a run of the engine sees it.

A :class:`~mmrobust.victims.base.Victim` is what an attack sees: pixels in,
outputs out. A subject makes victims of the batches of a data set, and carries
results back to the model's stock test step. Shapes: N samples, D outputs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from mmrobust.goals import Labels
from mmrobust.victims.base import Victim
from mmrobust.victims.samples import Collate, Loaded


@dataclass(frozen=True)
class Facts:
    """What a sample's ledger line says of the predictions.

    Attributes:
        fields: Plain values by key, among them ``clean_correct`` and
            ``adversarial_correct``.
        agree: Whether the attack's last check and the test step see the same in
            the adversarial sample.
    """

    fields: Mapping[str, Any]
    agree: bool


class Subject(ABC):
    """A model, its test pipeline and its test step.

    Attributes:
        space: What is perturbed, such as ``video`` or ``crop``.
        goal: Registered goal of an attack whose config names none.
        alone: Whether samples differ in their number of outputs, so that each is a
            batch of its own. The model's batch may then hold several items (the
            persons of a photograph), and a test step returns one data sample each.
    """

    space: str
    goal: str
    alone: ClassVar[bool] = False

    @abstractmethod
    def install(self, dataset: Any) -> None:
        """Let a data set (without wrappers) keep what ``groups`` needs."""

    def samples(self, dataset: Any) -> Any:
        """What is attacked one by one, by index: a data set's items, or groups of them."""
        return dataset

    @staticmethod
    def collate(original: Any) -> Collate:
        """The collate function that goes with the installed pipeline."""
        return Collate(original)

    @abstractmethod
    def labels(self, data: dict[str, Any]) -> Labels:
        """Annotations of the N samples of a batch."""

    @abstractmethod
    def predict(self, data: dict[str, Any]) -> tuple[Sequence[Any], Tensor]:
        """The stock test step: data samples, and outputs (N, D)."""

    @abstractmethod
    def groups(self, loaded: Loaded) -> Sequence[tuple[Tensor, Victim, Tensor]]:
        """Samples that fit into one tensor: rows, victim, pixels (n, C, ..., H, W)."""

    @abstractmethod
    def render(self, layout: Any, adversarial: Tensor) -> Tensor:
        """The model's inputs for adversarial pixels (C, ..., H, W)."""

    @abstractmethod
    def facts(self, labels: Any, clean: Tensor, adversarial: Tensor, checked: Tensor) -> Facts:
        """What is written down of one sample.

        Args:
            labels: Its annotations, alone in a batch.
            clean: Outputs (1, D) of the test step on the clean sample.
            adversarial: Likewise on the adversarial one.
            checked: Outputs (1, D) of the attack's last check on the latter.
        """
