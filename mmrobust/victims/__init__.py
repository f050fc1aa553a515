"""What is attacked: models with their pipelines, and what they are when bound to samples."""

from mmrobust.lazy import offers
from mmrobust.victims.base import Victim
from mmrobust.victims.bound import BoundVictim
from mmrobust.victims.counting import CountingVictim
from mmrobust.victims.frozen import frozen
from mmrobust.victims.function import FunctionVictim

__getattr__, __dir__ = offers(__name__, 'VICTIMS')
__all__ = ['BoundVictim', 'CountingVictim', 'FunctionVictim', 'Victim', 'frozen']
