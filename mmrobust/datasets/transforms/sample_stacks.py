"""A whole video as a row of short clips.

Shapes: T frames of the video, L frames of a stack, S stacks.
"""

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from mmrobust.functional.checks import require, whole
from mmrobust.registry import TRANSFORMS


@TRANSFORMS.register_module()
class SampleStacks(BaseTransform):
    """All stacks of L consecutive frames, one after the other, as clips.

    Their number S = (T - L) // step + 1 differs between videos, so that videos
    of different lengths do not fit into one batch: test with a batch size of 1.
    The frames that are left at the end, fewer than ``step``, are not used. With an
    ``interval``, the video is taken for so many slower ones that take turns (0, 2,
    4, ... and 1, 3, 5, ...), and each of them is cut into stacks.

    Official setting: non-overlapping stacks of 11 frames at 12 frames per second,
    which give 10 flow fields each; a video's score is the mean of its stacks'
    (Inkawhich et al. 2018, arXiv:1811.11875).

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
        interval: From one frame of a stack to the next.

    Raises:
        ValueError: The video is shorter than one stack.
    """

    def __init__(self, length: int = 11, step: int | None = None, interval: int = 1) -> None:
        require(whole(length, 1), 'length', 'a whole number >= 1', length)
        known = step is None or whole(step, 1)
        require(known, 'step', 'a whole number >= 1, or None', step)
        require(whole(interval, 1), 'interval', 'a whole number >= 1', interval)
        self.length, self.interval = length, interval
        self.step = length if step is None else step

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add the frames' indices."""
        total = results['total_frames']
        span = (self.length - 1) * self.interval + 1
        require(total >= span, 'total_frames', f'at least {span}, the length of one stack', total)
        stacks = []
        for first in range(self.interval):
            frames = np.arange(first, total, self.interval)
            starts = range(0, len(frames) - self.length + 1, self.step)
            stacks += [frames[start : start + self.length] for start in starts]
        results['frame_inds'] = np.concatenate(stacks).astype(np.int32) + results['start_index']
        results['clip_len'] = self.length
        results['frame_interval'] = self.interval
        results['num_clips'] = len(stacks)
        return results

    def __repr__(self) -> str:
        options = f'length={self.length}, step={self.step}, interval={self.interval}'
        return f'{self.__class__.__name__}({options})'
