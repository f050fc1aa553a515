"""What is known of the persons of N pictures, with what translates a victim's outputs.

Shapes: N pictures, J persons, K joints, D outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from mmrobust.victims.bottomup.head_adapters import PersonsAdapter
from mmrobust.victims.bottomup.persons import Persons, Prediction


@dataclass(frozen=True)
class PersonsAnnotations:
    """Annotations of N pictures, as a bottom-up victim gives them.

    Attributes:
        adapter: How the victim's outputs and persons translate.
        persons: The annotated persons.
    """

    adapter: PersonsAdapter
    persons: Persons

    def __len__(self) -> int:
        return len(self.persons)

    @property
    def keypoints(self) -> Tensor:
        """Annotated places (N, K, J, 2), joint by joint, as groups of a response are."""
        return self.persons.keypoints.transpose(1, 2)

    def __getitem__(self, rows: Tensor) -> PersonsAnnotations:
        return self.select(rows)

    def select(self, rows: Tensor) -> PersonsAnnotations:
        """The annotations of some of the pictures."""
        return replace(self, persons=self.persons.select(rows))

    def decode(self, outputs: Tensor) -> Sequence[Prediction]:
        """The persons that MMPose finds in outputs (N, D)."""
        return self.adapter.decode(outputs, self.persons.data_samples)
