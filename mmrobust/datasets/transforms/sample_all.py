"""A whole video as one clip."""

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from mmrobust.functional.checks import require
from mmrobust.registry import TRANSFORMS


@TRANSFORMS.register_module()
class SampleAll(BaseTransform):
    """Every frame of a video, in order, as one clip.

    For recognisers that make their own clips of what they find in the frames
    (:class:`~mmrobust.chain.pose_input.PoseInput`). Videos of different lengths do not fit into
    one batch: test them with a batch size of 1.

    Required Keys:

        - total_frames
        - start_index

    Added Keys:

        - frame_inds
        - clip_len (the number of frames)
        - frame_interval
        - num_clips (1)
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add the frames' indices; ValueError for a video without frames."""
        total = results['total_frames']
        require(total >= 1, 'total_frames', 'at least 1', total)
        results['frame_inds'] = np.arange(total, dtype=np.int32) + results['start_index']
        results |= {'clip_len': total, 'frame_interval': 1, 'num_clips': 1}
        return results

    def __repr__(self) -> str:
        return f'{self.__class__.__name__}()'
