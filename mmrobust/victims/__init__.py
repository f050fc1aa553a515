"""What is attacked: callables from raw pixels to outputs."""

from mmrobust.victims.action import ActionVictim
from mmrobust.victims.base import Victim
from mmrobust.victims.bottomup import BottomupVictim
from mmrobust.victims.frozen import frozen
from mmrobust.victims.function import FunctionVictim
from mmrobust.victims.lifting import CascadeVictim, LifterVictim
from mmrobust.victims.meter import Metered
from mmrobust.victims.pose import PhotographVictim, PoseVictim

__all__ = [
    'ActionVictim',
    'BottomupVictim',
    'CascadeVictim',
    'FunctionVictim',
    'LifterVictim',
    'Metered',
    'PhotographVictim',
    'PoseVictim',
    'Victim',
    'frozen',
]
