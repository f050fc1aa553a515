"""The streams of a skeleton network: joints, bones and their motions, one or several."""

from __future__ import annotations

from typing import Any

from mmrobust.functional.checks import require
from mmrobust.registry import TWINS, find
from mmrobust.victims.skeleton.twins.base import State, Twin, Typed, joined


@TWINS.register_module(name='GenSkeFeat')
class FeatureTwin(Twin):
    """Scores become a third channel; then what the transform is made of, one after the other."""

    def __init__(self, transform: Any) -> None:
        super().__init__(transform)
        self.steps = [find(TWINS, type(op).__name__)(op) for op in transform.ops.transforms]

    def __call__(self, state: State) -> State:
        """Write the streams under ``keypoint``.

        Raises:
            ValueError: Scores with bodies in space.
        """
        if 'keypoint_score' in state:
            kind = self.transform.dataset
            rule = 'one in the plane (coco, openpose) for tracks with scores'
            require(kind != 'nturgb+d', 'GenSkeFeat.dataset', rule, kind)
            state = dict(state)
            score: Typed = state.pop('keypoint_score')
            column = Typed(score.value[..., None], score.dtype)
            state['keypoint'] = joined([state['keypoint'], column], -1)
        for step in self.steps:
            state = step(state)
        return state


@TWINS.register_module(name='KeyMapper')
class RenamingTwin(Twin):
    """Another name for the joints, which is all that skeleton pipelines use the transform for."""

    def __call__(self, state: State) -> State:
        """Rename as the transform does."""
        return dict(state) | {
            new: state[old] for old, new in self.transform.remapping.items() if old in state
        }


@TWINS.register_module(name='MergeSkeFeat')
class MergingTwin(Twin):
    """Several streams side by side."""

    def __call__(self, state: State) -> State:
        """Join the streams of the transform's list."""
        state = dict(state)
        parts = [state.pop(name) for name in self.transform.feat_list]
        return state | {self.transform.target: joined(parts, self.transform.axis)}
