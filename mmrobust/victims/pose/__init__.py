"""The seam to MMPose: pose estimators as victims.

``capture`` runs the stock test path up to the decoder, ``readouts`` say what
comes out there for each family of heads, ``annotations`` read the ground truth,
``victim`` joins them for crops, ``photograph`` for whole photographs.
"""

from mmrobust.victims.pose.photograph import PhotographVictim
from mmrobust.victims.pose.victim import PoseVictim

__all__ = ['PhotographVictim', 'PoseVictim']
