"""Frames for flow fields that lie apart in time.

Shapes: T frames of the video.
"""

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from mmrobust.functional.checks import require, whole
from mmrobust.registry import TRANSFORMS


@TRANSFORMS.register_module()
class SamplePairs(BaseTransform):
    """Sample ``clip_len`` flow fields as pairs of neighbouring frames (t, t+1).

    A flow clip with ``frame_interval=4`` holds the flow from t to t+1, from
    t+4 to t+5 and so on. The positions t are those that MMAction2's
    ``SampleFrames`` gives for the T-1 flow images of the same video, in
    training and in test mode. For recognisers with ``sampling='pairs'``.

    Required Keys:

        - total_frames
        - start_index

    Added Keys:

        - frame_inds (t, t+1 for every sampled t)
        - clip_len (twice the option: frames, not flow fields)
        - frame_interval
        - num_clips

    Args:
        clip_len: Flow fields of a clip.
        frame_interval: Frames from one sampled t to the next.
        num_clips: Clips of a video.
        out_of_bound_opt: 'loop' or 'repeat_last', as in ``SampleFrames``.
        test_mode: True for validation and test: nothing random.

    Raises:
        ValueError: The video has a single frame.
    """

    def __init__(
        self,
        clip_len: int,
        frame_interval: int = 1,
        num_clips: int = 1,
        *,
        out_of_bound_opt: str = 'loop',
        test_mode: bool = False,
    ) -> None:
        # Not at the top: the data sets of this package do without MMAction2.
        from mmaction.datasets.transforms import SampleFrames

        require(whole(clip_len, 1), 'clip_len', 'a whole number >= 1', clip_len)
        require(whole(frame_interval, 1), 'frame_interval', 'a whole number >= 1', frame_interval)
        require(whole(num_clips, 1), 'num_clips', 'a whole number >= 1', num_clips)
        known = out_of_bound_opt in ('loop', 'repeat_last')
        require(known, 'out_of_bound_opt', 'loop or repeat_last', out_of_bound_opt)
        self.sampler = SampleFrames(
            clip_len,
            frame_interval,
            num_clips,
            out_of_bound_opt=out_of_bound_opt,
            test_mode=test_mode,
        )

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add the frames' indices."""
        total = results['total_frames']
        require(total >= 2, 'total_frames', 'at least 2, the frames of one flow', total)
        flows = self.sampler.transform({**results, 'total_frames': total - 1})
        first = flows['frame_inds']
        results['frame_inds'] = np.stack([first, first + 1], axis=-1).reshape(-1)
        results['clip_len'] = 2 * self.sampler.clip_len
        results['frame_interval'] = flows['frame_interval']
        results['num_clips'] = flows['num_clips']
        return results

    def __repr__(self) -> str:
        return f'{self.__class__.__name__}(flows={self.sampler!r})'
