"""Pixels of the picture to -1..1."""

from __future__ import annotations

import torch

from mmrobust.functional.checks import require
from mmrobust.registry import TWINS
from mmrobust.victims.skeleton.twins.base import State, Twin, Typed


@TWINS.register_module(name='PreNormalize2D')
class NormaliseTwin2D(Twin):
    """x' = (x - w/2) / (w/2), y likewise; other channels stay.

    A joint that was not found goes from (0, 0) to (-1, -1).
    """

    def __call__(self, state: State) -> State:
        """Normalise ``keypoint``; ValueError where the picture has no size."""
        track: Typed = state['keypoint']
        height, width = state.get('img_shape', self.transform.img_shape)
        require(height > 0 and width > 0, 'img_shape', 'sides > 0', (height, width))
        half = track.rounded(torch.tensor([width / 2, height / 2], dtype=torch.float64))
        plane = track.rounded(track.rounded(track.value[..., :2] - half) / half)
        return state | {'keypoint': track.at(torch.cat([plane, track.value[..., 2:]], dim=-1))}
