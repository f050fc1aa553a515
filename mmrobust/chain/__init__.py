"""MMAction2 recognisers that estimate the poses they look at.

``estimator`` takes frames to joints by a pose estimator of MMPose, ``pose_input`` and
``pose_recognizers`` put it before a recogniser of skeletons, so that gradients and attacks
reach the pixels.
"""

from mmrobust.lazy import offers

__getattr__, __dir__ = offers(__name__, 'MODELS')
