"""The seam to MMPose's bottom-up and one-stage estimators: all persons of a picture at once.

``capture`` runs the stock test path as far as the head's last tensors,
``head_adapters`` say what those mean for each head, ``matching`` compares sets of
persons, ``goal`` is what an attack wants of them, ``victim`` joins the parts.
"""

from mmrobust.lazy import offers

__getattr__, __dir__ = offers(__name__, 'VICTIMS', 'GOALS')
