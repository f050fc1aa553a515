"""The shapes in which networks take skeletons.

Shapes: M persons, T frames of all clips, N clips, t frames of one, V joints, C channels.
"""

from __future__ import annotations

import torch

from mmrobust.registry import TWINS
from mmrobust.victims.skeleton.twins.base import State, Twin, Typed, joined


@TWINS.register_module(name='FormatGCNInput')
class GraphInputTwin(Twin):
    """(M, N * t, V, C) to (N, P, t, V, C): P persons, the first of the file or padded."""

    def __call__(self, state: State) -> State:
        """Write the input under ``keypoint``."""
        track: Typed = state['keypoint']
        if 'keypoint_score' in state:
            score: Typed = state['keypoint_score']
            track = joined([track, Typed(score.value[..., None], score.dtype)], -1)
        wanted, given = self.transform.num_person, track.value
        persons = list(given[:wanted])
        looped = self.transform.mode == 'loop' and len(given) == 1
        while len(persons) < wanted:
            persons.append(given[0] if looped else torch.zeros_like(given[0]))
        clips = state.get('num_clips', 1)
        shaped = torch.stack(persons).unflatten(1, (clips, -1)).transpose(0, 1)
        return state | {'keypoint': Typed(shaped, track.dtype)}


@TWINS.register_module(name='PackActionInputs')
class PackingTwin(Twin):
    """The end of the path: the network's input under ``inputs``."""

    def __call__(self, state: State) -> State:
        """Heatmaps where there are some, else joints."""
        packed: Typed = state['imgs'] if 'imgs' in state else state['keypoint']
        return state | {'inputs': packed.value}
