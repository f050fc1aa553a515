"""What is attacked: callables from raw pixels to outputs."""

from mmrobust.lazy import offers
from mmrobust.victims.base import Victim
from mmrobust.victims.frozen import frozen
from mmrobust.victims.function import FunctionVictim
from mmrobust.victims.meter import Metered

__getattr__, __dir__ = offers(__name__, 'VICTIMS')
__all__ = ['FunctionVictim', 'Metered', 'Victim', 'frozen']
