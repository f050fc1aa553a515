"""The seam to MMPose's 3-D pose lifters, whose input is a 2-D pose.

``loading`` finds how the network's input depends on the joints, ``readouts``
turn its output into places, ``goal`` is what an attack wants of them, ``victim``
joins the parts, and ``cascade`` puts a 2-D estimator before all that.
"""

from mmrobust.victims.lifting.cascade import CascadeVictim
from mmrobust.victims.lifting.goal import Corrupt3DPose
from mmrobust.victims.lifting.victim import LifterVictim

__all__ = ['CascadeVictim', 'Corrupt3DPose', 'LifterVictim']
