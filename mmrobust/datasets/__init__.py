"""Data sets that need no download: drawn ones, and raw files; and what reads them.

Importing this package needs mmengine and mmcv, not MMAction2 nor MMPose.
"""

from mmrobust.datasets.raw_pictures import RawPictures
from mmrobust.datasets.raw_videos import RawVideos
from mmrobust.datasets.synthetic_pose import SyntheticPoseDataset
from mmrobust.datasets.synthetic_video import SyntheticVideoDataset
from mmrobust.datasets.transforms import SamplePairs, SampleStacks, SyntheticDecode

__all__ = [
    'RawPictures',
    'RawVideos',
    'SamplePairs',
    'SampleStacks',
    'SyntheticDecode',
    'SyntheticPoseDataset',
    'SyntheticVideoDataset',
]
