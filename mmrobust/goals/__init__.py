"""What counts as success, and the objective that leads there."""

from mmrobust.goals.base import BoundGoal, Goal, Labels
from mmrobust.goals.classes import ClassFacts, ClassGoal
from mmrobust.goals.corrupt_pose import CorruptPose
from mmrobust.goals.decoded import DecodedFacts, DecodedGoal
from mmrobust.goals.misclassify import Misclassify
from mmrobust.goals.pose import PoseGoal
from mmrobust.goals.pose_annotations import PoseAnnotations
from mmrobust.goals.target_pose import TargetPose
from mmrobust.goals.targeted import LeastLikely, TargetClass

__all__ = [
    'BoundGoal',
    'ClassFacts',
    'DecodedFacts',
    'ClassGoal',
    'CorruptPose',
    'DecodedGoal',
    'Goal',
    'Labels',
    'LeastLikely',
    'Misclassify',
    'PoseGoal',
    'PoseAnnotations',
    'TargetClass',
    'TargetPose',
]
