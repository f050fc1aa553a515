"""Joints cut out of the picture and brought to the heatmaps' size."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from mmrobust.functional.checks import require
from mmrobust.registry import TWINS
from mmrobust.victims.skeleton.twins.base import State, Twin, Typed, through


def _as_array(track: Typed) -> Any:
    """The values as the pipeline has them, a copy."""
    return track.value.detach().cpu().numpy().astype(track.dtype)


@TWINS.register_module(name='PoseCompact')
class CompactTwin(Twin):
    """Subtracts the corner of a box round all joints of all clips.

    The corner is a whole number, as the transform itself finds it: it has no slope, though the
    outermost joint moves the box and all others with it as soon as it crosses a pixel.

    Raises:
        ValueError: A range of ratios, of which one is drawn.
    """

    def __init__(self, transform: Any) -> None:
        super().__init__(transform)
        ratio = transform.hw_ratio
        fixed = ratio is None or ratio[0] == ratio[1]
        require(fixed, 'PoseCompact.hw_ratio', 'one number, or None', ratio)

    def __call__(self, state: State) -> State:
        """Write ``keypoint`` and ``img_shape``; ValueError without the picture's size."""
        require('img_shape' in state, 'img_shape', 'given for PoseCompact', None)
        track: Typed = state['keypoint']
        before = _as_array(track)
        found = self.transform.transform({'keypoint': before, 'img_shape': state['img_shape']})
        values = torch.from_numpy(found['keypoint'].astype(np.float64))
        moved = Typed(through(track.value, values), track.dtype)
        return state | {'keypoint': moved, 'img_shape': found['img_shape']}


@TWINS.register_module(name='Resize')
class ResizeTwin(Twin):
    """Multiplies by the factor of both sides.

    Raises:
        ValueError: ``lazy=True``, which leaves joints alone.
    """

    def __init__(self, transform: Any) -> None:
        super().__init__(transform)
        require(not transform.lazy, 'Resize.lazy', 'False for joints', transform.lazy)

    def __call__(self, state: State) -> State:
        """Write ``keypoint`` and ``img_shape``."""
        track: Typed = state['keypoint']
        found = self.transform.transform({'img_shape': state['img_shape']})
        factor = torch.from_numpy(self.transform.scale_factor.astype(np.float64))
        moved = track.at(track.value * factor)
        return state | {'keypoint': moved, 'img_shape': found['img_shape']}


@TWINS.register_module(name='CenterCrop')
class CropTwin(Twin):
    """Subtracts the corner of the crop, a whole number, in double precision.

    Raises:
        ValueError: ``lazy=True``, which leaves joints alone.
    """

    def __init__(self, transform: Any) -> None:
        super().__init__(transform)
        require(not transform.lazy, 'CenterCrop.lazy', 'False for joints', transform.lazy)

    def __call__(self, state: State) -> State:
        """Write ``keypoint`` and ``img_shape``."""
        track: Typed = state['keypoint']
        found = self.transform.transform({'img_shape': state['img_shape']})
        corner = torch.from_numpy(np.asarray(found['crop_bbox'][:2], dtype=np.float64))
        moved = Typed(track.value - corner, np.dtype(np.float64))
        return state | {'keypoint': moved, 'img_shape': found['img_shape']}
