"""The joints of the embedded videos as a data set for MMAction2's skeleton pipelines.

Shapes: T frames, V joints.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from numpy.typing import NDArray

from mmrobust.datasets.synthetic import (
    CLASSES,
    FRAMES,
    HEIGHT,
    KEYPOINTS,
    WIDTH,
    joint_tracks,
)
from mmrobust.datasets.synthetic.script import check_set
from mmrobust.registry import DATASETS


@DATASETS.register_module()
class SyntheticTrackDataset(BaseDataset):
    """Tracks of the figures' joints, exact, in pixels of 96 x 128 pictures; nothing on disk.

    Samples are those of MMAction2's ``PoseDataset``: ``keypoint`` (1, 32, 14, 2) in float32,
    ``keypoint_score`` of ones. Joints are in the order of
    ``mmrobust.datasets.synthetic.KEYPOINTS``: head, neck, then left before right of shoulder,
    elbow, wrist, hip, knee and ankle. Video i is that of
    :class:`~mmrobust.datasets.synthetic_video.SyntheticVideoDataset`; it is not rendered.

    Args:
        num_videos: Size of the set; the label of video i is ``i % len(classes)``.
        pipeline: Transforms, or their configs.
        split: 'train', 'val' or 'test'; they share no video.
        seed: Seed of the set; another seed gives other videos.
        classes: Names among ``mmrobust.datasets.synthetic.CLASSES``, in the order of their labels.
        test_mode: As in mmengine: True for validation and test.

    Raises:
        ValueError: An argument outside its range.

    Example:
        >>> dataset = SyntheticTrackDataset(num_videos=2, pipeline=[], split='test')
        >>> dataset[1]['frame_dir'], dataset[1]['label'], dataset[1]['keypoint'].shape
        ('synthetic/test/00001', 1, (1, 32, 14, 2))
    """

    def __init__(
        self,
        num_videos: int,
        pipeline: Sequence[dict[str, Any] | Callable[..., Any]],
        *,
        split: str = 'train',
        seed: int = 0,
        classes: Sequence[str] = CLASSES,
        test_mode: bool = False,
    ) -> None:
        check_set(num_videos, split, seed, classes)
        self.num_videos, self.split, self.seed = num_videos, split, seed
        self.classes = tuple(classes)
        super().__init__(
            pipeline=pipeline, test_mode=test_mode, metainfo=dict(classes=self.classes)
        )

    def load_data_list(self) -> list[dict[str, Any]]:
        """What stock pipelines want to know of each sample."""
        return [
            dict(
                frame_dir=f'synthetic/{self.split}/{index:05d}',
                keypoint=_track(index, self.seed, self.split, self.classes)[None].copy(),
                keypoint_score=np.ones((1, FRAMES, len(KEYPOINTS)), np.float32),
                label=index % len(self.classes),
                total_frames=FRAMES,
                img_shape=(HEIGHT, WIDTH),
                original_shape=(HEIGHT, WIDTH),
                modality='Pose',
                start_index=0,
            )
            for index in range(self.num_videos)
        ]


@lru_cache(maxsize=2048)
def _track(index: int, seed: int, split: str, classes: tuple[str, ...]) -> NDArray[np.float32]:
    """Whoever runs several attacks in a process waits once."""
    found = joint_tracks(index, seed=seed, split=split, classes=classes)
    found.setflags(write=False)
    return found
