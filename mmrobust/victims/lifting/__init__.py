"""The seam to MMPose's 3-D pose lifters, whose input is a 2-D pose.

``loading`` finds how the network's input depends on the joints, ``head_adapters``
turn its output into places, ``goal`` is what an attack wants of them, ``victim``
joins the parts, and ``cascade`` puts a 2-D estimator before all that.
"""

from mmrobust.lazy import offers

__getattr__, __dir__ = offers(__name__, 'VICTIMS', 'GOALS')
