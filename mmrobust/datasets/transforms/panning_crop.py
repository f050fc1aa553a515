"""A camera that pans: the same videos, in which everything moves."""

from __future__ import annotations

from typing import Any

from mmcv.transforms import BaseTransform

from mmrobust.functional.checks import require, whole
from mmrobust.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PanningCrop(BaseTransform):
    """A square window that moves to the right from frame to frame; centred halfway through.

    Args:
        crop_size: Height and width of the window, pixels.
        pan: Pixels per frame, whole and >= 0; what stands still moves by as much to the left.

    Raises:
        ValueError: An option breaks its rule; when run, the frames are too small or of several
            clips.
    """

    def __init__(self, crop_size: int, pan: int) -> None:
        require(whole(crop_size, 1), 'crop_size', 'a whole number >= 1', crop_size)
        require(whole(pan, 0), 'pan', 'a whole number >= 0', pan)
        self.crop_size, self.pan = crop_size, pan

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Crop ``imgs``, the frames (H, W, 3) of one clip."""
        clips = results.get('num_clips', 1)
        require(clips == 1, 'num_clips', '1, or the camera would pan across clips', clips)
        frames, size = results['imgs'], self.crop_size
        height, width = frames[0].shape[:2]
        reach = self.pan * (len(frames) - 1)
        fits = height >= size and width >= size + reach
        require(fits, 'imgs', f'at least {size} high and {size + reach} wide', (height, width))
        top, left = (height - size) // 2, (width - size - reach) // 2
        starts = [left + self.pan * t for t in range(len(frames))]
        results['imgs'] = [
            frame[top : top + size, start : start + size]
            for frame, start in zip(frames, starts, strict=True)
        ]
        results['img_shape'] = (size, size)
        return results
