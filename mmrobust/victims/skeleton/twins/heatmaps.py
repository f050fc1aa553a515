"""Volumes of heatmaps, drawn once for each frame that several clips share.

Shapes: M persons, F distinct frames, T frames of all clips, V joints, H, W pixels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.functional.joint_heatmaps import joint_heatmaps, limb_heatmaps
from mmrobust.registry import TWINS
from mmrobust.victims.skeleton.twins.base import State, Twin, Typed


@TWINS.register_module(name='GeneratePoseTarget')
class HeatmapTwin(Twin):
    """A blob for each joint, or a line for each limb; the mirrored ones behind them.

    Blobs end at whole pixels, where the input jumps by up to 0.011 of their height: there the
    slope does not foretell the change.

    Raises:
        ValueError: Joints and limbs at once, which the transform draws over each other.
    """

    def __init__(self, transform: Any) -> None:
        super().__init__(transform)
        both = transform.with_kp and transform.with_limb
        require(not both, 'GeneratePoseTarget', 'of joints or of limbs', 'both at once')

    def __call__(self, state: State) -> State:
        """Write ``imgs`` (T or 2 T, V, H, W), single precision."""
        track: Typed = state['keypoint']
        first, back = distinct(state, track.value.shape[1])
        places = track.to(np.float32).value[:, first, :, :2].transpose(0, 1)
        scale = self.transform.scaling
        maps = self._drawn(places.float() * scale, self._scores(state, first), state['img_shape'])
        maps = maps[back]
        if self.transform.double:
            maps = torch.cat([maps, maps.flip(-1)[:, self._mirrored(maps.shape[1])]])
        return state | {'imgs': Typed(maps, np.dtype(np.float32))}

    def stock(self, state: State) -> State:
        """What the transform makes of the state's arrays, with each frame drawn once."""
        count = state['keypoint'].shape[1]
        first, back = distinct(state, count)
        names = [name for name in ('keypoint', 'keypoint_score') if name in state]
        fewer = {name: state[name][:, first.numpy()] for name in names}
        found: State = self.transform.transform(state | fewer)
        copies = len(found['imgs']) // len(first)
        rows = np.concatenate([back.numpy() + len(first) * copy for copy in range(copies)])
        return found | {'imgs': found['imgs'][rows], **{name: state[name] for name in names}}

    def _drawn(self, places: Tensor, scores: Tensor, shape: tuple[int, int]) -> Tensor:
        """Maps (F, V, H, W)."""
        scale, sigma = self.transform.scaling, self.transform.sigma
        height, width = (int(side * scale + 0.5) for side in shape)
        if self.transform.with_kp:
            return joint_heatmaps(places, scores, (height, width), sigma)
        limbs = self.transform.skeletons
        return limb_heatmaps(places, scores, limbs, (height, width), sigma)

    def _scores(self, state: State, first: Tensor) -> Tensor:
        """(F, M, V), single precision; ones where there are none or nobody asks for them."""
        track: Typed = state['keypoint']
        ones = torch.ones_like(track.value[..., 0])
        scores: Typed | None = state.get('keypoint_score')
        used = ones if scores is None or not self.transform.use_score else scores.value
        return used[:, first].transpose(0, 1).float()

    def _mirrored(self, channels: int) -> list[int]:
        """Which channel stands in each place of the mirrored maps."""
        sides = ('kp' if self.transform.with_kp else 'limb',)
        left, right = (getattr(self.transform, f'{side}_{sides[0]}') for side in ('left', 'right'))
        order = list(range(channels))
        for one, other in zip(left, right, strict=False):
            order[one], order[other] = other, one
        return order


def distinct(state: State, count: int) -> tuple[Tensor, Tensor]:
    """Where each frame (F,) stands first among those of all clips, and its number (T,) for each."""
    sampled = np.asarray(state.get('frame_inds', np.arange(count))).reshape(-1)
    _, first, back = np.unique(sampled, return_index=True, return_inverse=True)
    return torch.from_numpy(first), torch.from_numpy(back.reshape(-1))


@TWINS.register_module(name='FormatShape')
class VolumeTwin(Twin):
    """Clips apart, channels before time: (views, V, t, H, W).

    Raises:
        ValueError: Another format than that of heatmaps.
    """

    def __init__(self, transform: Any) -> None:
        super().__init__(transform)
        found = transform.input_format
        require(found == 'NCTHW_Heatmap', 'FormatShape.input_format', 'NCTHW_Heatmap', found)

    def __call__(self, state: State) -> State:
        """Write ``imgs``."""
        maps: Typed = state['imgs']
        clips, length = state['num_clips'], state['clip_len']
        shaped = maps.value.unflatten(0, (-1, clips, length)).transpose(2, 3)
        return state | {'imgs': Typed(shaped.flatten(0, 1), maps.dtype)}
