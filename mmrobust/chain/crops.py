"""Where a top-down estimator's test pipeline cuts persons out of a frame.

Shapes: n persons, h, w pixels of a crop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmrobust.functional.checks import require

# Reading and packing are done otherwise here; what lies between says where crops lie.
KNOWN = ('LoadImage', 'GetBBoxCenterScale', 'TopdownAffine', 'PackPoseInputs')


@dataclass(frozen=True)
class Crops:
    """The crops of n persons.

    Attributes:
        centres: (n, 2), pixels of the frame, as the pipeline leaves them.
        scales: (n, 2), their sizes in pixels of the frame.
        matrices: (n, 2, 3), double precision, from the frame to each crop.
        size: (w, h).
    """

    centres: NDArray[Any]
    scales: NDArray[Any]
    matrices: Tensor
    size: tuple[int, int]

    def in_frame(self, joints: NDArray[Any]) -> NDArray[Any]:
        """Joints (n, K, 2) of crops in pixels of the frame, in MMPose's own arithmetic."""
        found = joints.copy()
        for person, (centre, scale) in enumerate(zip(self.centres, self.scales, strict=True)):
            # In the joints' own precision, as TopdownPoseEstimator writes them back.
            found[person] = found[person] / self.size * scale + centre - 0.5 * scale
        return found

    def slopes_in_frame(self, joints: Tensor) -> Tensor:
        """The same of tensors, differentiable."""
        origin, zoom = (values.to(joints.device) for values in self._to_frame)
        return joints.double() * zoom + origin

    def in_crops(self, joints: Tensor) -> Tensor:
        """Joints (n, K, 3) of the frame in pixels of the crops, single precision."""
        origin, zoom = self._to_frame
        places = (joints[..., :2] - origin) / zoom
        return torch.cat([places, joints[..., 2:]], dim=2).float()

    @property
    def _to_frame(self) -> tuple[Tensor, Tensor]:
        """Corner of each crop, and pixels of the frame per pixel of it (n, 1, 2)."""
        centres, scales = (
            torch.from_numpy(np.asarray(values, dtype=np.float64))[:, None]
            for values in (self.centres, self.scales)
        )
        return centres - 0.5 * scales, scales / torch.tensor(self.size, dtype=torch.float64)


class Cutter:
    """A test pipeline of MMPose, of which boxes become crops.

    Args:
        pipeline: Configs of the transforms.

    Raises:
        ValueError: Its transforms are not those of ``KNOWN``.
    """

    def __init__(self, pipeline: Sequence[Any]) -> None:
        from mmpose.datasets.transforms import GetBBoxCenterScale, TopdownAffine

        names = [str(step['type']).rpartition('.')[2] for step in pipeline]
        rule = f'one whose test pipeline is {", ".join(KNOWN)}'
        require(names == [*KNOWN], 'pose_estimator.config', rule, names)
        # By their classes: the scope is that of the recogniser round the estimator.
        scaling, affine = (
            {name: value for name, value in step.items() if name != 'type'}
            for step in pipeline[1:3]
        )
        self.scaling, self.affine = GetBBoxCenterScale(**scaling), TopdownAffine(**affine)

    def __call__(self, boxes: NDArray[np.float32]) -> Crops:
        """The crops of persons in boxes (n, 4): left, top, right, bottom, pixels of the frame."""
        from mmpose.structures.bbox import get_udp_warp_matrix, get_warp_matrix

        make = get_udp_warp_matrix if self.affine.use_udp else get_warp_matrix
        size = tuple(int(side) for side in self.affine.input_size)
        states = []
        for box in boxes:
            state: dict[str, Any] = {'img': np.zeros((1, 1, 3), np.uint8), 'bbox': box[None]}
            state = self.affine(self.scaling(state))
            states.append((state['input_center'], state['input_scale']))
        matrices = [make(centre, scale, 0.0, output_size=size) for centre, scale in states]
        return Crops(
            np.stack([centre for centre, _ in states]),
            np.stack([scale for _, scale in states]),
            torch.from_numpy(np.stack(matrices).astype(np.float64)),
            (size[0], size[1]),
        )
