"""Pick frames out of a rendered video, as MMAction2's decoders do.

Shapes: T frames of the video, H, W pixels.
"""

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from mmrobust.registry import TRANSFORMS


@TRANSFORMS.register_module()
class SyntheticDecode(BaseTransform):
    """Read the sampled frames of a :class:`SyntheticVideoDataset` video.

    Takes the place of ``DecordDecode``; no ``DecordInit`` is needed, because
    the data set states ``total_frames`` itself.

    Required Keys:

        - frames (uint8 array of shape (T, H, W, 3), RGB)
        - frame_inds

    Added Keys:

        - imgs (list of uint8 arrays (H, W, 3), RGB)
        - original_shape
        - img_shape
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Replace ``frames`` by copies of the sampled ones."""
        indices = np.reshape(results['frame_inds'], -1)
        imgs = list(results.pop('frames')[indices])
        results['frame_inds'] = indices
        results['imgs'] = imgs
        results['original_shape'] = imgs[0].shape[:2]
        results['img_shape'] = imgs[0].shape[:2]
        return results

    def __repr__(self) -> str:
        return f'{self.__class__.__name__}()'
