"""From places to their change until the next frame."""

from __future__ import annotations

import torch

from mmrobust.registry import TWINS
from mmrobust.victims.skeleton.twins.base import State, Twin, Typed
from mmrobust.victims.skeleton.twins.bones import SCORED


@TWINS.register_module(name='ToMotion')
class MotionTwin(Twin):
    """x[t + 1] - x[t] of neighbours in the file; the last frame has none."""

    def __call__(self, state: State) -> State:
        """Write motion under the transform's target."""
        source: Typed = state[self.transform.source]
        now, later = source.value[:, :-1], source.value[:, 1:]
        motion = source.rounded(later - now)
        if source.value.shape[-1] == 3 and self.transform.dataset in SCORED:
            scores = source.half_sum(now[..., 2], later[..., 2])
            motion = torch.cat([motion[..., :2], scores[..., None]], dim=-1)
        still = torch.zeros_like(source.value[:, :1])
        return state | {self.transform.target: source.at(torch.cat([motion, still], dim=1))}
