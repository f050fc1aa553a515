"""What counts as success, and the objective that leads there."""

from mmrobust.goals.base import Goal
from mmrobust.goals.misclassify import Misclassify
from mmrobust.goals.targeted import LeastLikely, TargetClass

__all__ = ['Goal', 'LeastLikely', 'Misclassify', 'TargetClass']
