"""Which number of a victim's outputs is explained.

Shapes: N samples, D outputs, K classes or joints.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor

from mmrobust.goals.adapter import PoseAdapter


class Score(ABC):
    """A number of the outputs; ``name`` says in words what it speaks for."""

    name: str

    @abstractmethod
    def raw(self, outputs: Tensor) -> Tensor:
        """The number (N,) that gradients are taken of."""

    def share(self, outputs: Tensor) -> Tensor:
        """The number (N,) that is followed while pixels are taken away: 1 is all."""
        return self.raw(outputs)

    def chance(self, outputs: Tensor) -> float | None:
        """The share that a guess would have; None where guessing means nothing."""
        return None


class ClassScore(Score):
    """A class: its output before the softmax, and its probability.

    Args:
        index: Of the class.
        name: Of the class.
    """

    def __init__(self, index: int, name: str) -> None:
        self.index, self.name = index, name

    def raw(self, outputs: Tensor) -> Tensor:
        """The class's output; of views whose probabilities are averaged, its logarithm."""
        return outputs[:, self.index]

    def share(self, outputs: Tensor) -> Tensor:
        """The class's probability."""
        return outputs.softmax(dim=1)[:, self.index]

    def chance(self, outputs: Tensor) -> float:
        """That of each of the K classes, were they equally probable."""
        return 1 / outputs.shape[1]


class JointScore(Score):
    """Joints at their places: <h, F> of the response F, of <h, h>, with h that of the places.

    1 where the response is what the codec makes of the places, 0 where there is none; the mean
    over the joints.

    Args:
        adapter: Of a head of heatmaps.
        keypoints: (1, K, 2), the places, input pixels.
        joints: Which of the K.
        name: Of the joints.
    """

    def __init__(
        self, adapter: PoseAdapter, keypoints: Tensor, joints: Sequence[int], name: str
    ) -> None:
        self.adapter, self.joints, self.name = adapter, list(joints), name
        seen = keypoints.new_ones(keypoints.shape[:2])
        self.reference = adapter.encode(keypoints, seen)

    def raw(self, outputs: Tensor) -> Tensor:
        """The mean over the joints (N,)."""
        reference = self.reference.to(outputs)
        ideal = reference.response.reshape(1, -1).to(outputs)
        whole = self.adapter.groups(ideal, reference)
        found = self.adapter.groups(outputs, reference) / whole.clamp(min=1e-12)
        return found[:, self.joints].mean(dim=1)
