"""Data sets that need no download, and what reads them.

Importing this package needs mmengine and mmcv, not MMAction2 nor MMPose.
"""

from mmrobust.datasets.synthetic_pose import SyntheticPoseDataset
from mmrobust.datasets.synthetic_video import SyntheticVideoDataset
from mmrobust.datasets.transforms import SamplePairs, SampleStacks, SyntheticDecode

__all__ = [
    'SamplePairs',
    'SampleStacks',
    'SyntheticDecode',
    'SyntheticPoseDataset',
    'SyntheticVideoDataset',
]
