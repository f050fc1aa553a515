"""MMPose's flip test of lifters, which writes into what it is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from torch import Tensor

PLACES = (
    'mmpose.models.pose_estimators.pose_lifter',
    'mmpose.models.heads.regression_heads.motion_regression_head',
)


@contextmanager
def flips_copies() -> Iterator[None]:
    """Inside, coordinates are mirrored in a copy: gradients pass no other way."""
    from mmpose.models.utils.tta import flip_coordinates

    def mirrored(coords: Tensor, *args: Any, **options: Any) -> Tensor:
        found: Tensor = flip_coordinates(coords.clone(), *args, **options)
        return found

    first, second = PLACES
    with (
        patch(f'{first}.flip_coordinates', mirrored),
        patch(f'{second}.flip_coordinates', mirrored),
    ):
        yield
