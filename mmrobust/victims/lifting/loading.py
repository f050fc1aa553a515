"""The test pipeline of a lifter's data set, and how its result depends on the joints.

Shapes: T frames, K joints; coordinates in pixels of the picture.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmrobust.functional.checks import one_line, require
from mmrobust.victims.pipeline import FollowedPipeline
from mmrobust.victims.samples import RefusedError, Results

# Of the network's input, which the codec computes in single precision.
CLOSE = 1e-4


@dataclass(frozen=True)
class LiftLayout:
    """A sequence of 2-D poses and the map, linear in each coordinate, to the input.

    Attributes:
        keypoints: (T, K, 2), picture pixels.
        source: Of every value of the input, the coordinate (of T * K * 2) it is made of.
        scale: Of every value, its slope; 0 where no coordinate matters (visibility).
        offset: Of every value, what it is for joints at the origin.
    """

    keypoints: Tensor
    source: Tensor
    scale: Tensor
    offset: Tensor

    def pixels(self) -> Tensor:
        """(2, T, K, 1), double precision: x and y, frame by frame, joint by joint."""
        return self.keypoints.permute(2, 0, 1)[..., None]

    def encoded(self, pixels: Tensor) -> Tensor:
        """The input for attacked joints (2, T, K, 1), in double precision; differentiable."""
        flat = pixels[..., 0].permute(1, 2, 0).reshape(-1)
        device = flat.device
        value = flat[self.source.to(device)]
        return value * self.scale.to(device) + self.offset.to(device)

    def render(self, pixels: Tensor) -> Tensor:
        """The network's input for attacked joints (2, T, K, 1)."""
        return self.encoded(pixels).float()

    @property
    def signature(self) -> tuple[object, ...]:
        """Sequences of one length can share a batch."""
        return tuple(self.keypoints.shape)


def linear_layout(keypoints: NDArray[Any], given: Tensor, encoded: Any) -> LiftLayout:
    """Find the map from joints to input by looking at it.

    Codecs subtract means, divide by deviations, reorder and append visibilities, each
    in its own way, and always coordinate by coordinate. Three encodings, of
    joints at the origin, at one, and each at a number of its own, say which.

    Args:
        keypoints: (T, K, 2), of the sample.
        given: The network's input that the pipeline made of them.
        encoded: Function from joints (T, K, 2) to such an input.

    Raises:
        ValueError: The map is of another kind.
    """
    shape = keypoints.shape
    numbers = np.arange(1, keypoints.size + 1, dtype=np.float64).reshape(shape)
    offset = encoded(np.zeros(shape)).double()
    scale = encoded(np.ones(shape)).double() - offset
    moves = scale != 0
    source = (encoded(numbers).double() - offset) / scale.where(moves, 1.0)
    place = torch.where(moves, source.round().long() - 1, 0)
    inside = bool(((place >= 0) & (place < keypoints.size)).all())
    layout = LiftLayout(torch.from_numpy(keypoints).double(), place.clamp(0), scale, offset)
    same = inside and bool(
        torch.allclose(layout.render(layout.pixels()), given.float(), rtol=CLOSE, atol=CLOSE)
    )
    rule = 'linear in each coordinate of the joints, for a lifter to be attacked'
    require(same, 'GenerateTarget', rule, 'another map')
    return layout


class LiftPipeline(FollowedPipeline):
    """A lifter's test pipeline, with the map from joints to input.

    Args:
        transforms: The pipeline's own transforms.
    """

    def __init__(self, transforms: list[Any]) -> None:
        encoders = [i for i, step in enumerate(transforms) if hasattr(step, 'encoder')]
        first = encoders[0] if encoders else len(transforms) - 1
        self.before, self.after = transforms[:first], transforms[first:]

    def name(self, data_info: Results) -> str:
        """The picture, and the number of the sample."""
        return lift_name(data_info)

    def followed(self, data_info: Results) -> tuple[Results, LiftLayout]:
        """Packed inputs, and the layout."""
        state = data_info
        for transform in self.before:
            state = transform(state)
        keypoints = np.asarray(state['keypoints'])[..., :2]

        def packed(joints: NDArray[Any]) -> Results:
            result = deepcopy(state) | {'keypoints': joints}
            for transform in self.after:
                result = transform(result)
            return result

        found = packed(keypoints.copy())
        try:
            layout = linear_layout(
                keypoints, found['inputs'], lambda joints: packed(joints)['inputs']
            )
        except Exception as error:
            # The codec, not the sample, is at fault: the others would fare no better.
            raise RefusedError(one_line(error)) from error
        return found, layout


def lift_name(data_info: Results) -> str:
    """The picture whose pose is wanted, and the number of the sample."""
    paths = data_info.get('target_img_path', ['unnamed'])
    return f'{paths[len(paths) // 2]}#{data_info.get("id", 0)}'
