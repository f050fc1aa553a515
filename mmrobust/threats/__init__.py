"""What may be changed, and by how much."""

from mmrobust.threats.base import Threat
from mmrobust.threats.l2 import L2
from mmrobust.threats.linf import Linf
from mmrobust.threats.masks import FrameMask, PixelMask

__all__ = ['L2', 'FrameMask', 'Linf', 'PixelMask', 'Threat']
