"""A body in space turned upright, with its first frame as the measure.

Shapes: M persons, T frames, V joints.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.functional.turning import turn_onto
from mmrobust.registry import TWINS
from mmrobust.victims.skeleton.twins.base import State, Twin, Typed, through

Z, X = (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)
# Joints of a Kinect v2, whose centre is the spine; of any other body it is the last joint.
KINECT, SPINE = 25, 1


@TWINS.register_module(name='PreNormalize3D')
class NormaliseTwin3D(Twin):
    """Frame 0 says where the origin is and how all frames are turned: the rotation is alive.

    A joint of frame 0 that moves thus moves all joints of all frames. The turn's value is what
    the transform itself computes (in the type of the file, where an angle near 0 is off by up to
    1e-2 in half precision); the slope is that of the least rotation.

    Raises:
        ValueError: ``align_center=False``, with which the transform does not run.
    """

    def __init__(self, transform: Any) -> None:
        super().__init__(transform)
        require(transform.align_center, 'PreNormalize3D.align_center', 'True: the transform '
                'does not run without', transform.align_center)  # fmt: skip

    def __call__(self, state: State) -> State:
        """Drop empty frames, put the fuller person first, centre, turn spine and shoulders."""
        track: Typed = state['keypoint']
        require(len(track.value) <= 2, 'persons', 'at most 2 for PreNormalize3D', len(track.value))
        kept = in_order(track.value)
        found = (kept.detach() != 0).any(dim=-1, keepdim=True)
        centre = kept[0, 0, SPINE if kept.shape[2] == KINECT else -1]
        body = track.at(kept - centre).value * found
        if self.transform.align_spine:
            bottom, top = self.transform.zaxis
            body = self._turned(body, track.dtype, (top, bottom), Z)
        if self.transform.align_shoulder:
            right, left = self.transform.xaxis
            # What is turned by a matrix is of double precision, whatever it was before.
            dtype = np.float64 if self.transform.align_spine else track.dtype
            body = self._turned(body, dtype, (right, left), X)
        turned = self.transform.align_spine or self.transform.align_shoulder
        dtype = np.dtype(np.float64) if turned else track.dtype
        return state | {'keypoint': Typed(body, dtype), 'total_frames': body.shape[1]}

    def _turned(
        self, body: Tensor, dtype: Any, ends: tuple[int, int], onto: Sequence[float]
    ) -> Tensor:
        """All joints (M, T, V, 3), turned so that one vector of frame 0 lies along an axis."""
        to, start = ends
        vector = body[0, 0, to] - body[0, 0, start]
        axis = torch.tensor(onto, dtype=torch.float64)
        value = self._matrix(body.detach().numpy().astype(dtype)[0, 0], ends, onto)
        return body @ through(turn_onto(vector, axis), value).T

    def _matrix(self, joints: Any, ends: tuple[int, int], onto: Sequence[float]) -> Tensor:
        """The transform's own matrix (3, 3), in its own arithmetic."""
        goal, (to, start) = [int(value) for value in onto], ends
        vector = joints[to] - joints[start]
        angle = self.transform.angle_between(vector, goal)
        matrix = self.transform.rotation_matrix(np.cross(vector, goal), angle)
        return torch.from_numpy(np.asarray(matrix, dtype=np.float64))


def in_order(tracks: Tensor) -> Tensor:
    """Frames (M, T', V, 3) in which the main person is there, which comes first.

    Raises:
        ValueError: There is nobody in any frame.
    """
    there = ~torch.isclose(tracks.detach(), torch.zeros_like(tracks)).flatten(2).all(dim=2)
    counts = there.sum(dim=1).tolist()
    swapped = len(tracks) == 2 and counts[0] < counts[1]
    main = 1 if swapped else 0
    require(counts[main] > 0, 'keypoint', 'of a frame with a joint that is not zero', 'all zeros')
    kept = tracks[:, there[main]]
    return kept.flip(0) if swapped else kept
