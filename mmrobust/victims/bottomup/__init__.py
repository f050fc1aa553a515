"""The seam to MMPose's bottom-up and one-stage estimators: all persons of a picture at once.

``capture`` runs the stock test path as far as the head's last tensors,
``readouts`` say what those mean for each head, ``matching`` compares sets of
persons, ``goal`` is what an attack wants of them, ``victim`` joins the parts.
"""

from mmrobust.victims.bottomup.goal import CorruptPersons
from mmrobust.victims.bottomup.victim import BottomupVictim

__all__ = ['BottomupVictim', 'CorruptPersons']
