"""What a pose head hands to its decoder, and what it means.

Shapes: N samples, K joints, D values of a response per sample. The response
F^k is the last tensor that is differentiable in the pixels: whatever the head
passes to ``head.decode``, with the flip test averaged in.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from mmrobust.compat import healed
from mmrobust.functional.pose_losses import joint_distance
from mmrobust.victims.heads import codec_of

Loss = Callable[[Tensor, 'PoseReference'], Tensor]


@dataclass(frozen=True)
class PoseReference:
    """Encoded poses that responses are compared with.

    Attributes:
        response: (N, ...), as the head's codec encodes the poses.
        weights: (N, K), 0 where a joint is invisible or outside what can be encoded.
        keypoints: (N, K, 2), the poses in input pixels.
    """

    response: Tensor
    weights: Tensor
    keypoints: Tensor

    def select(self, rows: Tensor) -> PoseReference:
        """The poses of some of the samples."""
        return PoseReference(self.response[rows], self.weights[rows], self.keypoints[rows])

    def to(self, outputs: Tensor) -> PoseReference:
        """The same, placed and typed like ``outputs``."""
        parts = (self.response, self.weights, self.keypoints)
        return PoseReference(*(part.to(outputs) for part in parts))


class HeadAdapter(ABC):
    """Translates between responses and poses for one family of heads.

    A head of your own: a subclass under ``@register('YourHead')``.

    Args:
        head: The head whose ``decode`` receives the response.

    Attributes:
        codecs: Names of the codecs that the family understands.
        reported: Which of the head's joints the model reports, in their order; None: all.
            The others are no part of what ``flatten`` returns, nor of anything else here.

    Raises:
        ValueError: The head has no decoder, or one of another family.
    """

    codecs: ClassVar[tuple[str, ...]]
    reported: list[int] | None = None

    def __init__(self, head: Any) -> None:
        self.head, self.codec = head, codec_of(head, self.codecs)

    @property
    def input_size(self) -> tuple[int, int]:
        """Width and height of the crop, pixels."""
        width, height = getattr(self.codec, 'keypoint_codec', self.codec).input_size
        return int(width), int(height)

    @abstractmethod
    def flatten(self, response: Any) -> Tensor:
        """What the head passes to ``decode``, as (N, D), joint by joint of those reported."""

    def picked(self, response: Tensor, axis: int) -> Tensor:
        """The joints along an axis of a response that the model reports."""
        if self.reported is None:
            return response
        return response.index_select(axis, torch.tensor(self.reported, device=response.device))

    @abstractmethod
    def unflatten(self, outputs: Tensor) -> Any:
        """The argument of ``decode`` again, from (N, D)."""

    @abstractmethod
    def encoded_response(self, encoded: Mapping[str, Any]) -> Tensor:
        """The response that the codec's encoded items of one sample stand for."""

    @abstractmethod
    def soft_coordinates(self, outputs: Tensor) -> Tensor:
        """Differentiable joint positions (N, K, 2) in input pixels."""

    def peak_scores(self, outputs: Tensor) -> Tensor | None:
        """What the decoder's scores (N, K) follow, differentiable; None: they say nothing."""
        return None

    @abstractmethod
    def groups(self, outputs: Tensor, reference: PoseReference) -> Tensor:
        """One number (N, G) per group of outputs: <h, F> of a joint, or a coordinate."""

    @abstractmethod
    def losses(self) -> Mapping[str, Loss]:
        """Losses (N,) by name of outputs (N, D) and an reference; the first is the default."""

    @healed()
    def decode(self, outputs: Tensor) -> tuple[Tensor, Tensor]:
        """Joints (N, K, 2) in input pixels and scores (N, K), by MMPose's own decoder."""
        if not len(outputs):
            return outputs.new_zeros(0, 0, 2), outputs.new_zeros(0, 0)
        # Codecs may write to what they are given.
        found = self.head.decode(self.unflatten(outputs.detach().clone()))
        joints = np.stack([np.asarray(one.keypoints)[0, :, :2] for one in found])
        scores = np.stack([np.asarray(one.keypoint_scores)[0] for one in found])
        return torch.from_numpy(joints), torch.from_numpy(scores)

    @property
    def nothing(self) -> float:
        """The score that the decoder gives a joint without a response."""
        return 0.0

    @property
    def refinement(self) -> float:
        """How far from what a response speaks for most a joint may be decoded, input pixels."""
        return 0.0

    def encode(self, keypoints: Tensor, visible: Tensor) -> PoseReference:
        """Poses as MMPose's ``GenerateTarget`` encodes them with this head's codec.

        Deviation: weights of joints from a data set's meta information
        (``use_dataset_keypoint_weights``) are not applied.

        Args:
            keypoints: (N, K, 2), input pixels.
            visible: (N, K), 0..1.
        """
        joints, seen = keypoints.detach().cpu().numpy(), visible.detach().cpu().numpy()
        responses, weights = [], []
        for i in range(len(joints)):
            one = slice(i, i + 1)
            encoded = self.codec.encode(keypoints=joints[one], keypoints_visible=seen[one])
            responses.append(self.encoded_response(encoded))
            weights.append(torch.from_numpy(np.asarray(encoded['keypoint_weights'])[0]))
        return PoseReference(torch.stack(responses), torch.stack(weights), keypoints)

    def joint_margins(self, outputs: Tensor, keypoints: Tensor, reach: Tensor) -> Tensor:
        """How far joints are beyond ``reach`` of points (N, K): above zero where they are.

        Differentiable, and scaled so that one is much: an attack need push no joint further.
        Here by soft coordinates; a family whose decoder takes a maximum says it exactly.

        Args:
            outputs: (N, D).
            keypoints: (N, K, 2), input pixels.
            reach: (N, K), input pixels, > 0.
        """
        # The root has no gradient at 0; a billionth of a pixel has.
        gap = (self.soft_coordinates(outputs) - keypoints).square().sum(dim=2)
        return (gap + 1e-18).sqrt() / reach - 1

    def peaks(self, outputs: Tensor, keypoints: Tensor, reach: Tensor, count: int) -> Tensor:
        """Places (N, K, count, 2) beyond reach that a response speaks for most, best first.

        Input pixels, NaN where there are no more. A response that is one place has none.

        Args:
            outputs: (N, D).
            keypoints: (N, K, 2), input pixels.
            reach: (N, K), input pixels, > 0.
            count: >= 1.
        """
        return keypoints.new_full((*keypoints.shape[:2], count, 2), torch.nan)

    def leads(self, outputs: Tensor, keypoints: Tensor, reach: Tensor, places: Tensor) -> Tensor:
        """How far places lead whatever is within ``reach`` of points (N, K).

        Above zero only where a joint is beyond reach; minus infinity for a place (NaN, too)
        that is not. Differentiable, and scaled as ``joint_margins``. Here a joint counts as led
        when it is nearer to its place than all that is within reach.

        Args:
            outputs: (N, D).
            keypoints: (N, K, 2), input pixels.
            reach: (N, K), input pixels, > 0.
            places: (N, K, 2), input pixels.
        """
        away = (places - keypoints).norm(dim=2)
        beyond = away > reach
        aims = places.where(beyond[..., None], keypoints)
        gap = (self.soft_coordinates(outputs) - aims).square().sum(dim=2)
        found = (away.where(beyond, reach) - (gap + 1e-18).sqrt()) / reach - 1
        return found.masked_fill(~beyond, -torch.inf)

    def soft_argmax(self, outputs: Tensor, reference: PoseReference) -> Tensor:
        """Distance of the soft coordinates from the reference, shares of the longer side (N,)."""
        found = self.soft_coordinates(outputs)
        return joint_distance(found, reference.keypoints, reference.weights) / max(self.input_size)
