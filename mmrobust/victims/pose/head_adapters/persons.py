"""The responses of several persons as one, for samples that hold more than one.

Shapes: N samples of P persons each, K joints and D values of a person's response.
"""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.victims.pose.head_adapters.base import HeadAdapter, Loss, PoseReference


class PerPersonAdapter(HeadAdapter):
    """F^k = the persons' responses side by side (N, P * D); a sample has P * K joints.

    A loss is the sum of the persons' losses.

    Args:
        single: The adapter of one person's response.
        persons: P, at least 1.

    Raises:
        ValueError: There is no person.
    """

    def __init__(self, single: HeadAdapter, persons: int) -> None:
        require(persons >= 1, 'persons', 'at least 1', persons)
        # The adapter of one person has checked them.
        self.head, self.codec = single.head, single.codec
        self.single, self.persons = single, persons

    @property
    def refinement(self) -> float:
        """That of one person."""
        return self.single.refinement

    def _apart(self, values: Tensor) -> Tensor:
        """(N, P * X, ...) -> (N * P, X, ...)."""
        n, length = values.shape[:2]
        return values.reshape(n * self.persons, length // self.persons, *values.shape[2:])

    def _together(self, values: Tensor) -> Tensor:
        """(N * P, X, ...) -> (N, P * X, ...)."""
        n, length = values.shape[:2]
        return values.reshape(n // self.persons, self.persons * length, *values.shape[2:])

    def _aims(self, reference: PoseReference) -> PoseReference:
        """Person by person; ``response`` is (N, P, ...)."""
        return PoseReference(
            reference.response.flatten(0, 1),
            self._apart(reference.weights),
            self._apart(reference.keypoints),
        )

    def flatten(self, response: Any) -> Tensor:
        """The response to N * P crops, (N, P * D)."""
        return self._together(self.single.flatten(response))

    def unflatten(self, outputs: Tensor) -> Any:
        """The argument of ``decode`` for N * P crops."""
        return self.single.unflatten(self._apart(outputs))

    def encoded_response(self, encoded: Mapping[str, Any]) -> Tensor:
        """That of one person."""
        return self.single.encoded_response(encoded)

    def soft_coordinates(self, outputs: Tensor) -> Tensor:
        """Positions (N, P * K, 2), each in its own person's crop."""
        return self._together(self.single.soft_coordinates(self._apart(outputs)))

    def peak_scores(self, outputs: Tensor) -> Tensor | None:
        """Those of every person (N, P * K)."""
        found = self.single.peak_scores(self._apart(outputs))
        return None if found is None else self._together(found)

    def joint_margins(self, outputs: Tensor, keypoints: Tensor, reach: Tensor) -> Tensor:
        """Those of every person (N, P * K)."""
        apart = (self._apart(values) for values in (outputs, keypoints, reach))
        return self._together(self.single.joint_margins(*apart))

    def peaks(self, outputs: Tensor, keypoints: Tensor, reach: Tensor, count: int) -> Tensor:
        """Those of every person (N, P * K, count, 2), each in its own person's crop."""
        points, near = self._apart(keypoints), self._apart(reach)
        return self._together(self.single.peaks(self._apart(outputs), points, near, count))

    def leads(self, outputs: Tensor, keypoints: Tensor, reach: Tensor, places: Tensor) -> Tensor:
        """Those of every person (N, P * K)."""
        apart = (self._apart(values) for values in (outputs, keypoints, reach, places))
        return self._together(self.single.leads(*apart))

    def groups(self, outputs: Tensor, reference: PoseReference) -> Tensor:
        """The groups of every person (N, P * G)."""
        return self._together(self.single.groups(self._apart(outputs), self._aims(reference)))

    def losses(self) -> Mapping[str, Loss]:
        """Those of one person, summed over persons."""
        return {name: self._summed(loss) for name, loss in self.single.losses().items()}

    def _summed(self, loss: Loss) -> Loss:
        def total(outputs: Tensor, reference: PoseReference) -> Tensor:
            each = loss(self._apart(outputs), self._aims(reference))
            return each.reshape(len(outputs), self.persons).sum(dim=1)

        return total

    def decode(self, outputs: Tensor) -> tuple[Tensor, Tensor]:
        """Joints (N, P * K, 2), each in its own person's crop, and scores (N, P * K)."""
        joints, scores = self.single.decode(self._apart(outputs))
        return self._together(joints), self._together(scores)

    def encode(self, keypoints: Tensor, visible: Tensor) -> PoseReference:
        """Poses (N, P * K, 2) as the codec encodes each person's."""
        reference = self.single.encode(self._apart(keypoints), self._apart(visible))
        response = reference.response.unflatten(0, (len(keypoints), self.persons))
        return PoseReference(
            response, self._together(reference.weights), self._together(reference.keypoints)
        )
