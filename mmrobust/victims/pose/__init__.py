"""The seam to MMPose: pose estimators as victims.

``capture`` runs the stock test path up to the decoder, ``head_adapters`` say what
comes out there for each family of heads, ``annotations`` read the ground truth,
``victim`` joins them for crops, ``image`` for whole pictures.
"""

from mmrobust.lazy import offers

__getattr__, __dir__ = offers(__name__, 'VICTIMS')
