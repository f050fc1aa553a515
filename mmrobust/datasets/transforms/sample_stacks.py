"""A whole video as a row of short clips.

Shapes: T frames of the video, L frames of a stack, S stacks.
"""

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from mmrobust.functional.checks import require
from mmrobust.registry import TRANSFORMS


@TRANSFORMS.register_module()
class SampleStacks(BaseTransform):
    """All stacks of L consecutive frames, one after the other, as clips.

    Their number S = (T - L) // step + 1 differs between videos, so that videos
    of different lengths do not fit into one batch: test with a batch size of 1.
    The frames that are left at the end, fewer than ``step``, are not used.

    Official setting: non-overlapping stacks of 11 frames, which give 10 flow
    fields each; a video's score is the mean of its stacks' (Inkawhich et al.
    2018, arXiv:1811.11875).

    Required Keys:

        - total_frames
        - start_index

    Added Keys:

        - frame_inds
        - clip_len
        - frame_interval
        - num_clips (S)

    Args:
        length: L.
        step: Frames from the start of a stack to the start of the next;
            default ``length``: no frame is in two stacks.

    Raises:
        ValueError: The video is shorter than one stack.
    """

    def __init__(self, length: int = 11, step: int | None = None) -> None:
        require(length >= 1, 'length', 'at least 1', length)
        require(step is None or step >= 1, 'step', 'at least 1, or None', step)
        self.length = length
        self.step = length if step is None else step

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add the frames' indices."""
        total = results['total_frames']
        rule = f'at least {self.length}, the length of one stack'
        require(total >= self.length, 'total_frames', rule, total)
        starts = np.arange(0, total - self.length + 1, self.step)
        indices = starts[:, None] + np.arange(self.length) + results['start_index']
        results['frame_inds'] = indices.reshape(-1).astype(np.int32)
        results['clip_len'] = self.length
        results['frame_interval'] = 1
        results['num_clips'] = len(starts)
        return results

    def __repr__(self) -> str:
        return f'{self.__class__.__name__}(length={self.length}, step={self.step})'
