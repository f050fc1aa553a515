"""Poses that a targeted attack aims at: built in, from a file, or another sample's.

``load_target('sit').onto(joint_names).fitted(box)`` gives places in pixels.
"""

from mmrobust.pose_targets.files import SamplePose, load_target
from mmrobust.pose_targets.protocols import PROTOCOLS
from mmrobust.pose_targets.template import PoseTemplate

__all__ = ['PROTOCOLS', 'PoseTemplate', 'SamplePose', 'load_target']
