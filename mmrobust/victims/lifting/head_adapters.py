"""What a lifter's head computes, and where that is.

Shapes: N samples, T frames of the result, K joints, D = T * K' * 3 values of a response,
K' joints of the head (K, or one less where the root is left out). The response F^k is what
the head hands to its decoder, with the flip test averaged in. Places are in the unit of
the data set's 3-D annotation, which is metres in MMPose's Human3.6M files.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from mmrobust.victims.heads import HeadAdapters, codec_of

Loss = Callable[[Tensor, 'LiftReference'], Tensor]
ADAPTERS = HeadAdapters('a lifter', 'mmrobust.victims.lifting.head_adapters')
register = ADAPTERS.register
# Squared length below which the distance of a joint has no slope any more.
TINY = 1e-12


@dataclass(frozen=True)
class LiftReference:
    """Places that responses are compared with.

    Attributes:
        places: (N, T, K, 3).
        weights: (N, T, K), 0 where a joint does not count.
        data_samples: The N ``PoseDataSample``, of which decoders read roots and cameras.
    """

    places: Tensor
    weights: Tensor
    data_samples: tuple[Any, ...]

    def select(self, rows: Tensor) -> LiftReference:
        """Those of some of the samples."""
        own, some = rows.to(self.places.device), tuple(self.data_samples[i] for i in rows.tolist())
        return LiftReference(self.places[own], self.weights[own], some)

    def to(self, outputs: Tensor) -> LiftReference:
        """The same, placed and typed like ``outputs``."""
        return LiftReference(self.places.to(outputs), self.weights.to(outputs), self.data_samples)


class LiftAdapter(ABC):
    """Translates between responses and places for one family of heads.

    Args:
        model: The lifter.

    Attributes:
        codecs: Names of the codecs that the family understands.

    Raises:
        ValueError: The head has no decoder, or one of another family.
    """

    codecs: ClassVar[tuple[str, ...]]

    def __init__(self, model: Any) -> None:
        self.head, self.codec = model.head, codec_of(model.head, self.codecs)
        self.kept = (model.test_cfg or {}).get('output_keypoint_indices')

    @staticmethod
    def flatten(response: tuple[Tensor, ...]) -> Tensor:
        """The coordinates among what the head passes to ``decode``, (N, D)."""
        return response[0].flatten(1)

    @abstractmethod
    def located(self, outputs: Tensor, samples: Sequence[Any]) -> Tensor:
        """Places (N, T, K, 3) as the codec decodes outputs (N, D); differentiable."""

    def places(self, outputs: Tensor, samples: Sequence[Any]) -> Tensor:
        """Places (N, T, K, 3), in double precision, of the joints that the model reports."""
        found = self.located(outputs.double(), samples)
        return found if self.kept is None else found[:, :, self.kept]

    def decoded(self, outputs: Tensor, samples: Sequence[Any]) -> Tensor:
        """Places (N, T, K, 3) that the model reports; here those of ``places``."""
        return self.places(outputs, samples)

    def losses(self) -> Mapping[str, Loss]:
        """``mpjpe`` (mean distance of the joints), ``mse`` and ``l1`` of their coordinates."""
        return {
            'mpjpe': self._loss(lambda gap: (gap.square().sum(dim=3) + TINY).sqrt()),
            'mse': self._loss(lambda gap: gap.square().sum(dim=3)),
            'l1': self._loss(lambda gap: gap.abs().sum(dim=3)),
        }

    def _loss(self, length: Callable[[Tensor], Tensor]) -> Loss:
        def mean(outputs: Tensor, reference: LiftReference) -> Tensor:
            lengths = length(
                self.places(outputs, reference.data_samples) - reference.places.double()
            )
            weights = reference.weights.double()
            total = weights.sum(dim=(1, 2)).clamp(min=1)
            return ((lengths * weights).sum(dim=(1, 2)) / total).to(outputs)

        return mean

    def groups(self, outputs: Tensor, reference: LiftReference) -> Tensor:
        """One number (N, K * 3) per coordinate of a joint that counts, summed over frames."""
        found = self.places(outputs, reference.data_samples) * reference.weights.double()[..., None]
        return found.sum(dim=1).flatten(1).to(outputs)


@register('TemporalRegressionHead')
class TemporalAdapter(LiftAdapter):
    """``TemporalRegressionHead`` (SimpleBaseline3D, VideoPose3D): T = 1, normalised coordinates."""

    codecs = ('ImagePoseLifting', 'VideoPoseLifting')

    def located(self, outputs: Tensor, samples: Sequence[Any]) -> Tensor:
        """Undo the normalisation, add the root, put it in its place."""
        found = outputs.unflatten(1, (-1, 3))
        if getattr(self.codec, 'target_mean', None) is not None:
            mean, std = (
                torch.as_tensor(value).to(found)
                for value in (self.codec.target_mean, self.codec.target_std)
            )
            found = found * std + mean
        roots = [sample.metainfo.get('target_root') for sample in samples]
        if all(root is not None and np.size(root) for root in roots):
            root = torch.from_numpy(np.stack(roots)).to(found).reshape(len(found), 1, 3)
            found = found + root
            if self.codec.remove_root and len(self.codec.root_index) == 1:
                at = self.codec.root_index[0]
                found = torch.cat([found[:, :at], root, found[:, at:]], dim=1)
        return found[:, None]


@register('MotionRegressionHead')
class MotionAdapter(LiftAdapter):
    """``MotionRegressionHead`` (MotionBERT): T frames, coordinates as shares of the image."""

    codecs = ('MotionBERTLabel',)

    def located(self, outputs: Tensor, samples: Sequence[Any]) -> Tensor:
        """Back to image and camera coordinates, relative to the root."""
        found = outputs.unflatten(1, (-1, self.codec.num_keypoints, 3))
        if self.codec.rootrel:
            # As the codec does it: always joint 0, whatever the root is.
            found = torch.cat([torch.zeros_like(found[:, :, :1]), found[:, :, 1:]], dim=2)
        cameras = [sample.metainfo.get('camera_param') for sample in samples]
        if all(cameras):
            width, height = (
                found.new_tensor([float(camera[side]) for camera in cameras])[:, None, None]
                for side in ('w', 'h')
            )
            x, y, z = found.unbind(dim=3)
            places = [(x + 1) * width / 2, (y + height / width) * width / 2, z * width / 2]
            found = torch.stack(places, dim=3)
        factors = [sample.metainfo.get('factor') for sample in samples]
        if all(factor is not None and np.size(factor) for factor in factors):
            found = found * torch.from_numpy(np.stack(factors)).to(found).reshape(
                len(found), -1, 1, 1
            )
        root = self.codec.root_index
        return (found - found[:, :, root : root + 1]) / 1000


def adapter_of(model: Any) -> LiftAdapter:
    """The adapter of a lifter's head.

    Raises:
        ValueError: Its head has none.
    """
    adapter: LiftAdapter = ADAPTERS.of(model)[0](model)
    return adapter
