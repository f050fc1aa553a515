"""What is known of the places of the joints. Shapes: N samples, T frames, K joints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.victims.lifting.head_adapters import LiftAdapter, LiftReference


@dataclass(frozen=True)
class LiftAnnotations:
    """Annotations of N samples, as a lifter victim gives them.

    Attributes:
        adapter: How responses and places translate.
        reference: The annotated places.
    """

    adapter: LiftAdapter
    reference: LiftReference

    def __len__(self) -> int:
        return len(self.reference.places)

    @property
    def annotated(self) -> Tensor:
        """Which samples (N,) have an annotation at all."""
        return torch.ones(len(self), dtype=torch.bool)

    @property
    def seen(self) -> Tensor:
        """Which samples (N,) have a labelled joint."""
        return (self.reference.weights > 0).flatten(1).any(dim=1)

    def __getitem__(self, rows: Tensor) -> LiftAnnotations:
        return self.select(rows)

    def select(self, rows: Tensor) -> LiftAnnotations:
        """The annotations of some of the samples."""
        return replace(self, reference=self.reference.select(rows))

    def places(self, outputs: Tensor) -> Tensor:
        """Places (N, T, K, 3) that the model reports for outputs (N, D)."""
        return self.adapter.decoded(outputs, self.reference.data_samples)


def lift_annotations(samples: Sequence[Any], adapter: LiftAdapter) -> LiftAnnotations:
    """Annotations of the N samples of a batch.

    Args:
        samples: Their ``PoseDataSample``, as ``PackPoseInputs`` packs them for a lifter.
        adapter: Of the head that is attacked.

    Raises:
        ValueError: A sample has no 3-D annotation.
    """
    for sample in samples:
        packed = sorted(sample.gt_instances.keys())
        rule = 'with lifting_target (a lifter is attacked against 3-D annotations)'
        require('lifting_target' in packed, 'data_samples', rule, packed)
    places = np.stack([np.asarray(s.gt_instances.lifting_target) for s in samples])
    seen = np.stack([np.asarray(s.gt_instances.lifting_target_visible) for s in samples])
    weights = torch.from_numpy(seen.reshape(places.shape[:3]) > 0.5).double()
    return LiftAnnotations(
        adapter, LiftReference(torch.from_numpy(places).double(), weights, tuple(samples))
    )
