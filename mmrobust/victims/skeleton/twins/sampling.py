"""Which frames the clips are made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from mmrobust.functional.checks import require
from mmrobust.registry import TWINS
from mmrobust.victims.skeleton.twins.base import State, Twin, Typed


@TWINS.register_module(name='UniformSampleFrames')
class SamplingTwin(Twin):
    """Frames by the length of the track alone, as the transform draws them with its fixed seed.

    Raises:
        ValueError: ``test_mode=False``, which draws others each time.
    """

    def __init__(self, transform: Any) -> None:
        super().__init__(transform)
        rule = 'True for frames that are the same each time'
        mode = transform.test_mode
        require(mode is True, 'UniformSampleFrames.test_mode', rule, mode)

    def __call__(self, state: State) -> State:
        """Write the indices of all clips, one after the other, and how many clips there are."""
        known = {name: state[name] for name in ('total_frames', 'start_index') if name in state}
        found = self.transform.transform(known)
        return state | {name: found[name] for name in ('frame_inds', 'clip_len', 'num_clips')}


@TWINS.register_module(name='PoseDecode')
class DecodingTwin(Twin):
    """The sampled frames, in single precision."""

    def __call__(self, state: State) -> State:
        """Gather joints and scores; all frames where none were sampled."""
        track: Typed = state['keypoint']
        chosen = state.get('frame_inds', np.arange(track.value.shape[1]))
        rows = torch.from_numpy(np.asarray(chosen).reshape(-1) + state.get('offset', 0)).long()
        found = dict(state)
        for name in ('keypoint', 'keypoint_score'):
            if name in state:
                whole: Typed = state[name]
                found[name] = Typed(whole.value[:, rows], whole.dtype).to(np.float32)
        return found
