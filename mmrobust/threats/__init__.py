"""What may be changed, and by how much."""

from mmrobust.threats.base import Threat
from mmrobust.threats.free_joints import FreeJoints
from mmrobust.threats.joints import JointL2
from mmrobust.threats.kept_bones import KeptBones
from mmrobust.threats.l0 import L0
from mmrobust.threats.l1 import L1
from mmrobust.threats.l2 import L2
from mmrobust.threats.linf import Linf
from mmrobust.threats.masks import FrameMask, PixelMask
from mmrobust.threats.smooth import SmoothJoints

__all__ = [
    'L0',
    'L1',
    'L2',
    'FrameMask',
    'FreeJoints',
    'JointL2',
    'KeptBones',
    'Linf',
    'PixelMask',
    'SmoothJoints',
    'Threat',
]
