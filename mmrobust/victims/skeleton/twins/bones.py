"""From joints to the bones that lead to them."""

from __future__ import annotations

import numpy as np
import torch

from mmrobust.functional.checks import require
from mmrobust.registry import TWINS
from mmrobust.victims.skeleton.twins.base import State, Twin, Typed, rounded

# Data sets whose third channel is a score: a bone's is the mean of those of its ends.
SCORED = ('openpose', 'coco')


@TWINS.register_module(name='JointToBone')
class BoneTwin(Twin):
    """Each joint less the one before it; in single precision, whatever the file's is."""

    def __call__(self, state: State) -> State:
        """Write bones under the transform's target; ValueError for a body of other joints."""
        track: Typed = state['keypoint']
        last, joints = max(max(pair) for pair in self.transform.pairs), track.value.shape[2]
        rule = f'of at least {last + 1} joints for the bones of {self.transform.dataset!r}'
        require(last < joints, 'keypoint', rule, joints)
        to, start = (torch.tensor(list(ends)) for ends in zip(*self.transform.pairs, strict=True))
        ahead, behind = track.value[:, :, to], track.value[:, :, start]
        bones = track.rounded(ahead - behind)
        if track.value.shape[-1] == 3 and self.transform.dataset in SCORED:
            scores = track.half_sum(ahead[..., 2], behind[..., 2])
            bones = torch.cat([bones[..., :2], scores[..., None]], dim=-1)
        empty = torch.zeros_like(track.value)
        found = rounded(empty.index_copy(2, to, bones), np.float32)
        return state | {self.transform.target: Typed(found, np.dtype(np.float32))}
