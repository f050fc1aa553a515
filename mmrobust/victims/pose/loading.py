"""The test pipeline of a pose data set, run in the data workers.

Inputs come from the pipeline itself, unchanged; a picture that cannot be
read becomes a ``Failure`` instead of ending the run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mmrobust.datasets.broken_files import blaming_the_file
from mmrobust.functional.checks import require
from mmrobust.victims.pipeline import FollowedPipeline
from mmrobust.victims.samples import NAME_KEY, Results, check_channels


@dataclass(frozen=True)
class CropLayout:
    """``space='crop'``: the network's input itself.

    Attributes:
        inputs: The pipeline's output (C, H, W), uint8.
    """

    inputs: Tensor

    def pixels(self) -> Tensor:
        """(C, H, W), uint8."""
        return self.inputs

    def render(self, pixels: Tensor) -> Tensor:
        """The input for attacked pixels (C, H, W)."""
        return pixels

    @property
    def signature(self) -> tuple[object, ...]:
        """Crops of one size can share a batch."""
        return tuple(self.inputs.shape)


def picture_name(data_info: Results) -> str:
    """The picture, as its data set names it, else its path."""
    return str(data_info.get(NAME_KEY) or data_info.get('img_path', 'unnamed'))


def sample_name(data_info: Results) -> str:
    """The picture, and which of its persons."""
    name, number = picture_name(data_info), data_info.get('id')
    return name if number is None else f'{name}#{number}'


class CropPipeline(FollowedPipeline):
    """A top-down estimator's test pipeline: the layout is the network's input itself.

    Args:
        transforms: The pipeline's own transforms.
        channels: How many the model takes; None: any.
    """

    def __init__(self, transforms: list[Any], channels: int | None = None) -> None:
        self.transforms, self.channels = transforms, channels

    def name(self, data_info: Results) -> str:
        """The picture, and which of its persons."""
        return sample_name(data_info)

    def followed(self, data_info: Results) -> tuple[Results, CropLayout]:
        """Packed inputs, and the layout."""
        state = data_info
        for transform in self.transforms:
            with blaming_the_file(transform, state):
                after = transform(state)
            require(after is not None, type(transform).__name__, 'a result', None)
            state = after
        inputs = state['inputs']
        sound = isinstance(inputs, Tensor) and inputs.dim() == 3 and inputs.dtype == torch.uint8
        require(sound, 'inputs', 'one uint8 picture (C, H, W)', type(inputs).__name__)
        check_channels(len(inputs), self.channels)
        return state, CropLayout(inputs)
