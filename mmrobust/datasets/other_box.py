"""A person cut out with another box than the one that it is measured by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrobust.functional.checks import require

Results = dict[str, Any]
# What MMPose's GetBBoxCenterScale leaves.
CUT = 'bbox_center'


def with_box(
    transforms: Sequence[Callable[[Results], Results]], state: Results, box: NDArray[Any]
) -> Results:
    """Results of transforms, to which the box is another until it has been read.

    Behind that ``bbox`` is again what it was: MMPose's metrics count in its unit.

    Args:
        transforms: Of a top-down pipeline, behind the one that reads the picture.
        state: With ``bbox``, (1, 4).
        box: (4,), left, top, right, bottom.

    Raises:
        ValueError: No transform reads the box.
    """
    own = state['bbox']
    state = {**state, 'bbox': np.asarray(box, own.dtype)[None]}
    read = False
    for transform in transforms:
        state = transform(state)
        if not read and CUT in state:
            state['bbox'], read = own, True
    require(read, 'pipeline', 'one with GetBBoxCenterScale, for other boxes', _names(transforms))
    return state


def _names(transforms: Sequence[Any]) -> list[str]:
    return [type(one).__name__ for one in transforms]
