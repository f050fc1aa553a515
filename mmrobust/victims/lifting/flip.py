"""MMPose's flip test of lifters, through which gradients pass.

Shapes: N sequences, T frames, K joints.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor


def is_flip_tested(model: Any) -> bool:
    """Whether a lifter is tested on mirrored joints as well."""
    return bool((model.test_cfg or {}).get('flip_test', False))


def flip_averaged(model: Any, inputs: Tensor, samples: Sequence[Any]) -> Tensor:
    """The coordinates (N, T, K, 3) that the head passes to its decoder under the flip test.

    What ``PoseLifter.predict`` and ``MotionRegressionHead.predict`` compute, bit for bit; they
    mirror coordinates in place, which no gradient passes.

    Args:
        model: A ``PoseLifter`` whose head takes part in the test.
        inputs: (N, T, K, C).
        samples: Their N data samples, which say which joints are left and right.
    """
    from mmpose.models.utils.tta import flip_coordinates

    mirror = partial(
        flip_coordinates,
        flip_indices=samples[0].metainfo['flip_indices'],
        shift_coords=model.test_cfg.get('shift_coords', True),
        input_size=(1, 1),
    )

    def mirrored(several: Tensor) -> Tensor:
        return torch.stack([mirror(coordinates.clone()) for coordinates in several])

    ahead = model.head.forward(model.extract_feat(inputs))
    back = model.head.forward(model.extract_feat(mirrored(inputs)))
    averaged: Tensor = (ahead + mirrored(back)) * 0.5
    return averaged
