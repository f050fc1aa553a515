"""What a bottom-up head computes, and what it means.

Shapes: N pictures, J persons, P predicted persons, K joints, D values of a
response per picture. The response F^k is all that ``head.forward`` returns,
for the picture and, with the flip test, for its mirror image: thresholds,
grouping and suppression come after it. (One family has its head's input instead.)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from mmrobust.compat import healed
from mmrobust.functional.checks import require
from mmrobust.victims.bottomup.capture import head_outputs, replayed
from mmrobust.victims.bottomup.persons import Persons, Prediction

Loss = Callable[[Tensor, 'PersonsReference'], Tensor]
Shape = tuple[int, int, int]


@dataclass(frozen=True)
class PersonsReference:
    """The reference that responses are compared with.

    Attributes:
        persons: Of N pictures.
        response: (N, ...), as the head's codec encodes them; of no values where
            a head has no such encoding.
    """

    persons: Persons
    response: Tensor

    def select(self, rows: Tensor) -> PersonsReference:
        """That of some of the pictures."""
        return PersonsReference(
            self.persons.select(rows), self.response[rows.to(self.response.device)]
        )

    def to(self, outputs: Tensor) -> PersonsReference:
        """The same, placed and typed like ``outputs``."""
        return PersonsReference(self.persons.to(outputs), self.response.to(outputs))


def resolution(size: tuple[int, int], cells: float) -> tuple[int, int]:
    """Rows and columns of so many cells in the shape of an input of width and height ``size``."""
    width, height = size
    return round((cells * height / width) ** 0.5), round((cells * width / height) ** 0.5)


class PersonsAdapter(ABC):
    """Translates between responses and persons for one family of heads.

    A head of your own: a subclass under ``@register('YourHead')``.

    Args:
        model: The estimator.

    Attributes:
        largest_batch: How many pictures MMPose predicts at once; None: any number.

    Raises:
        ValueError: It is tested on several scales.
    """

    largest_batch: ClassVar[int | None] = None

    def __init__(self, model: Any) -> None:
        self.model, self.head = model, model.head
        self.test_cfg: dict[str, Any] = dict(model.test_cfg or {})
        several = bool(self.test_cfg.get('multiscale_test'))
        require(not several, 'test_cfg.multiscale_test', 'off for an attack', several)
        self.flip = bool(self.test_cfg.get('flip_test'))
        self.joints = int(self.head.num_keypoints)

    @property
    def passes(self) -> int:
        """How often one prediction runs the head: twice with the flip test."""
        return 1 + self.flip

    def watched(self, *, stop: bool) -> AbstractContextManager[list[Any]]:
        """Inside, a prediction leaves its responses, (N, D') each, in a list.

        Args:
            stop: End the block as soon as they are there: nothing is decoded.
        """
        return head_outputs(self.head, self.passes, self.flatten, stop=stop)

    @abstractmethod
    def shapes(self, size: tuple[int, int], values: int) -> list[Shape]:
        """Channels, height and width of the tensors that one pass returns, in order.

        Args:
            size: Width and height of the network's input.
            values: How many values they have together.
        """

    @abstractmethod
    def arranged(self, parts: list[Tensor]) -> Any:
        """These tensors in the form in which ``head.forward`` returns them."""

    @abstractmethod
    def encode(self, persons: Persons, outputs: Tensor) -> PersonsReference:
        """Persons as training encodes them, for outputs (N, D)."""

    @abstractmethod
    def losses(self) -> Mapping[str, Loss]:
        """Losses (N,) by name of outputs (N, D) and an reference; the first is the default."""

    @abstractmethod
    def groups(self, outputs: Tensor, reference: PersonsReference) -> Tensor:
        """One number (N, G) per kind of joint, or per coordinate of it."""

    def flatten(self, value: Any) -> Tensor:
        """What one pass returns as (N, D'), a copy."""
        tensors: list[Tensor] = []

        def collect(part: Any) -> None:
            if isinstance(part, Tensor):
                tensors.append(part.flatten(1))
            else:
                for inner in part:
                    collect(inner)

        collect(value)
        return torch.cat(tensors, dim=1)

    def unflatten(self, outputs: Tensor, size: tuple[int, int]) -> list[list[Tensor]]:
        """The tensors (N, C, H, W) of every pass, from (N, D)."""
        found = []
        for part in outputs.chunk(self.passes, dim=1):
            shapes = self.shapes(size, part.shape[1])
            counts = [c * h * w for c, h, w in shapes]
            rule = f'as many values as {shapes} of an input of {size}'
            require(sum(counts) == part.shape[1], 'outputs', rule, part.shape[1])
            pieces = zip(part.split(counts, dim=1), shapes, strict=True)
            found.append([piece.unflatten(1, shape) for piece, shape in pieces])
        return found

    @healed()
    def decode(self, outputs: Tensor, samples: Sequence[Any]) -> list[Prediction]:
        """The persons in every picture, by the head's own ``predict``.

        Args:
            outputs: (N, D).
            samples: The N ``PoseDataSample``, of which MMPose reads sizes.
        """
        if not len(outputs):
            return []
        width, height = samples[0].metainfo['input_size']
        passes = self.unflatten(outputs.detach().clone(), (int(width), int(height)))
        # Stands for the features, which nobody reads.
        nothing: list[Any] = [()] * self.passes if self.flip else []
        with torch.no_grad(), replayed(self.head, [self.arranged(parts) for parts in passes]):
            found = self.head.predict(nothing, list(samples), test_cfg=self.model.test_cfg)
        instances = found[0] if isinstance(found, tuple) else found
        return [self._prediction(one) for one in instances]

    def _prediction(self, found: Any) -> Prediction:
        joints = torch.as_tensor(found.keypoints).double().reshape(-1, self.joints, 2)
        corners = torch.cat([joints.amin(dim=1), joints.amax(dim=1)], dim=1)
        boxes = torch.as_tensor(found.bboxes).double() if 'bboxes' in found else corners
        rated = 'bbox_scores' in found
        scores = found.bbox_scores if rated else found.keypoint_scores.mean(axis=-1)
        scores = torch.as_tensor(scores).double().reshape(-1)
        return Prediction(joints, scores, boxes.reshape(-1, 4))
