"""The seam to MMAction2's skeleton recognisers, whose input is a track of joints.

``twins`` repeat the transforms of a test pipeline with slopes, ``path`` runs pipeline and
twins side by side, ``loading`` keeps the track, ``layout`` is what an attacker may change of it,
and ``victim`` joins the parts.
"""

from mmrobust.lazy import offers

__getattr__, __dir__ = offers(__name__, 'VICTIMS')
